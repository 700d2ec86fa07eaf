#include "app/wiring/control_plane_environment.h"

#include <map>

#include "http/fetch.h"
#include "net/address.h"

namespace fl::app {
namespace {

bool is_on_this_machine(const std::string& endpoint) {
  const auto url = http::Url::parse(endpoint);
  if (!url) return false;
  const auto ip = net::IpAddress::parse(url->host);
  return url->host == "localhost" || (ip && ip->is_loopback());
}

}  // namespace

aws::FixedEnvironment control_plane_environment(const config::Map<std::string>& variables,
                                                const std::string& endpoint) {
  std::map<std::string, std::string> out(variables.begin(), variables.end());
  if (!endpoint.empty()) out["AWS_ENDPOINT_URL_ECS"] = out["AWS_ENDPOINT_URL_SSM"] = endpoint;
  std::string used = out["AWS_ENDPOINT_URL_ECS"];
  if (used.empty()) used = out["AWS_ENDPOINT_URL"];
  if (is_on_this_machine(used) && out["AWS_ACCESS_KEY_ID"].empty() && out["AWS_PROFILE"].empty())
    out["AWS_ACCESS_KEY_ID"] = out["AWS_SECRET_ACCESS_KEY"] = "fairlead";
  return aws::FixedEnvironment(std::move(out));
}

}  // namespace fl::app
