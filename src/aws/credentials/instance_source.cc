#include <fmt/format.h>

#include "aws/credentials/sources.h"
#include "aws/instance_metadata.h"
#include "base/strings.h"

namespace fl::aws::credentials {

Found from_instance(Inputs inputs) {
  InstanceMetadata metadata(inputs.fetcher, inputs.environment, inputs.stop());
  const std::string folder = "iam/security-credentials/";
  auto roles = co_await metadata.get(folder);
  if (!roles) co_return tl::make_unexpected(std::move(roles).error());
  const std::string_view role = trim(std::string_view(*roles).substr(0, roles->find('\n')));
  if (role.empty()) co_return fail(Code::not_found, "the instance has no role");
  auto text = co_await metadata.get(folder + std::string(role));
  if (!text) {
    Error error = std::move(text).error();
    error.code = Code::unavailable;  // it has a role: no reason to go on
    co_return tl::make_unexpected(std::move(error));
  }
  co_return parse_credentials(*text, "Token");
}

}  // namespace fl::aws::credentials
