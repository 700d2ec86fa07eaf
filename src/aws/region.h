// Which region to call when none is given: AWS_REGION, AWS_DEFAULT_REGION, the profile, the ECS task we run in, the
// EC2 instance we run on. Main thread.
#pragma once

#include <string>

#include "aws/environment.h"
#include "aws/profiles.h"
#include "base/result.h"
#include "http/fetch.h"
#include "net/task.h"

namespace fl::aws {

// Errors: not_found, saying why each place has none.
net::Task<Result<std::string>> find_region(http::Fetcher& fetcher, const Environment& environment,
                                           const Profiles& profiles, net::StopSource* stop);

}  // namespace fl::aws
