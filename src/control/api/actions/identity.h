// sts: who is asking.
#pragma once

#include "aws/generated/sts_shapes.h"
#include "control/api/action.h"

namespace fl::control::api {

Answer<aws::sts::GetCallerIdentityResponse> get_caller_identity(const ReadCall& call,
                                                                const aws::sts::GetCallerIdentityRequest& request);

}  // namespace fl::control::api
