#include "aws/credentials/sources.h"

#include <fmt/format.h>

#include "aws/generated/sts_operations.h"
#include "aws/iso8601.h"
#include "base/json.h"
#include "base/strings.h"

namespace fl::aws::credentials {

Found from_environment(Inputs inputs) {
  const Environment& environment = inputs.environment;
  Credentials keys{.access_key_id = environment.variable("AWS_ACCESS_KEY_ID"),
                   .secret_access_key = environment.variable("AWS_SECRET_ACCESS_KEY"),
                   .session_token = environment.variable("AWS_SESSION_TOKEN"),
                   .expires = {}};
  if (keys.access_key_id.empty()) co_return fail(Code::not_found, "AWS_ACCESS_KEY_ID is not set");
  if (keys.secret_access_key.empty()) co_return fail(Code::not_found, "AWS_SECRET_ACCESS_KEY is not set");
  co_return keys;
}

Found from_web_identity(Inputs inputs) {
  const Environment& environment = inputs.environment;
  WebIdentity identity{.token_file = environment.variable("AWS_WEB_IDENTITY_TOKEN_FILE"),
                       .role_arn = environment.variable("AWS_ROLE_ARN"),
                       .session_name = environment.variable("AWS_ROLE_SESSION_NAME")};
  if (identity.token_file.empty()) co_return fail(Code::not_found, "AWS_WEB_IDENTITY_TOKEN_FILE is not set");
  if (identity.role_arn.empty()) co_return fail(Code::invalid, "AWS_WEB_IDENTITY_TOKEN_FILE needs AWS_ROLE_ARN");
  co_return co_await assume_with_web_identity(inputs, std::move(identity));
}

Found assume_with_web_identity(Inputs inputs, WebIdentity identity) {
  auto token = inputs.environment.read_file(identity.token_file);
  if (!token) {
    Error error = std::move(token).error();
    if (error.code == Code::not_found) error.code = Code::unavailable;  // it is configured: no reason to go on
    co_return tl::make_unexpected(std::move(error));
  }
  if (identity.session_name.empty()) identity.session_name = default_session_name(inputs.fetcher.loop().wall());
  sts::AssumeRoleWithWebIdentityRequest request{.role_arn = identity.role_arn,
                                                .role_session_name = identity.session_name,
                                                .web_identity_token = std::string(trim(*token))};
  FixedCredentials unsigned_call({});
  FL_CO_TRY(auto response,
            co_await inputs.caller.call<sts::op::AssumeRoleWithWebIdentity>(std::move(request), unsigned_call));
  if (!response.credentials) co_return fail(Code::unavailable, "STS gave no credentials");
  const sts::Credentials& given = *response.credentials;
  co_return Credentials{given.access_key_id.value_or(""), given.secret_access_key.value_or(""),
                        given.session_token.value_or(""), given.expiration};
}

Result<Credentials> parse_credentials(std::string_view text, std::string_view token_key) {
  const auto value = json::parse(text);
  if (!value) return fail(Code::unavailable, "the credentials are not JSON");
  Credentials keys{.access_key_id = std::string(value->string_at("AccessKeyId")),
                   .secret_access_key = std::string(value->string_at("SecretAccessKey")),
                   .session_token = std::string(value->string_at(token_key)),
                   .expires = {}};
  if (keys.access_key_id.empty() || keys.secret_access_key.empty()) {
    const std::string_view code = value->string_at("Code"), message = value->string_at("Message");
    return fail(Code::unavailable, code.empty() ? "the answer lacks AccessKeyId or SecretAccessKey"
                                                : fmt::format("{}: {}", code, message));
  }
  if (const std::string_view expires = value->string_at("Expiration"); !expires.empty()) {
    FL_TRY(keys.expires, parse_iso8601(expires));
  }
  return keys;
}

std::string default_session_name(WallTime now) {
  return fmt::format("fairlead-{}", std::chrono::floor<std::chrono::seconds>(now).time_since_epoch().count());
}

}  // namespace fl::aws::credentials
