// sts: who is asking.
#pragma once

#include "aws/generated/sts_shapes.h"
#include "control/api/action.h"

namespace fl::control::api {

Answer<aws::sts::GetCallerIdentityResponse> get_caller_identity(const ReadCall& call,
                                                                const aws::sts::GetCallerIdentityRequest& request);

// Keys of a role of the caller's own account, for 15 minutes to 12 hours. There are no policies: whoever has a key may.
// Errors: ValidationError, AccessDenied for a role of another account.
Answer<aws::sts::AssumeRoleResponse> assume_role(const ReadCall& call, const aws::sts::AssumeRoleRequest& request);

}  // namespace fl::control::api
