#include "control/api/actions/identity.h"

#include <fmt/format.h>

#include <algorithm>

#include "base/strings.h"
#include "control/auth/temporary_keys.h"
#include "ecs/arn.h"

namespace fl::control::api {
namespace {

namespace sts = aws::sts;

constexpr int32_t kUsualSeconds = 3600, kFewestSeconds = 900, kMostSeconds = 43200;

bool is_session_name(std::string_view text) {
  return text.size() >= 2 && text.size() <= 64 &&
         std::ranges::all_of(text, [](char c) { return is_alnum(c) || std::string_view("_=,.@-").contains(c); });
}

}  // namespace

Answer<sts::GetCallerIdentityResponse> get_caller_identity(const ReadCall& call, const sts::GetCallerIdentityRequest&) {
  return sts::GetCallerIdentityResponse{
      .user_id = call.caller.user_id, .account = call.caller.account, .arn = call.caller.arn};
}

Answer<sts::AssumeRoleResponse> assume_role(const ReadCall& call, const sts::AssumeRoleRequest& request) {
  const auto role = ecs::parse_arn(*request.role_arn);
  if (!role || role->service != "iam" || !role->resource.starts_with("role/") || role->name().empty())
    return refuse("ValidationError", fmt::format("{} is invalid", *request.role_arn));
  if (!is_session_name(*request.role_session_name))
    return refuse("ValidationError",
                  fmt::format("1 validation error detected: Value '{}' at 'roleSessionName' failed to satisfy "
                              "constraint: Member must satisfy regular expression pattern: [\\w+=,.@-]*",
                              *request.role_session_name));
  const int32_t seconds = request.duration_seconds.value_or(kUsualSeconds);
  if (seconds < kFewestSeconds || seconds > kMostSeconds)
    return refuse("ValidationError",
                  fmt::format("1 validation error detected: Value '{}' at 'durationSeconds' failed to satisfy "
                              "constraint: Member must have value {} than or equal to {}",
                              seconds, seconds < kFewestSeconds ? "greater" : "less",
                              seconds < kFewestSeconds ? kFewestSeconds : kMostSeconds));
  if (role->account != call.caller.account)
    return tl::make_unexpected(
        AwsError{"AccessDenied",
                 fmt::format("User: {} is not authorized to perform: sts:AssumeRole on resource: {}", call.caller.arn,
                             *request.role_arn),
                 403});
  const std::string arn = fmt::format("arn:{}:sts::{}:assumed-role/{}/{}", role->partition, role->account, role->name(),
                                      *request.role_session_name);
  const std::string id = fmt::format("{}:{}", role->name(), *request.role_session_name);
  const aws::Credentials keys =
      call.settings.temporary_keys->mint(role->account, arn, id, call.now + std::chrono::seconds(seconds));
  return sts::AssumeRoleResponse{.credentials = sts::Credentials{.access_key_id = keys.access_key_id,
                                                                 .secret_access_key = keys.secret_access_key,
                                                                 .session_token = keys.session_token,
                                                                 .expiration = keys.expires},
                                 .assumed_role_user = sts::AssumedRoleUser{.assumed_role_id = id, .arn = arn},
                                 .packed_policy_size = {},
                                 .source_identity = request.source_identity,
                                 .session_token_utilization = {},
                                 .session_token_size = {}};
}

}  // namespace fl::control::api
