#include <fmt/format.h>

#include <algorithm>

#include "aws/credentials/sources.h"
#include "base/strings.h"
#include "net/address.h"

namespace fl::aws::credentials {
namespace {

constexpr std::string_view kAgent = "http://169.254.170.2";
constexpr Duration kTimeout = 5s;

// Plain http may only go to this machine or to the agents' own addresses: the answer is a secret.
bool may_be_asked(const http::Url& url) {
  if (url.https || url.host == "localhost") return true;
  const auto ip = net::IpAddress::parse(url.host);
  if (!ip) return false;
  static const std::string_view kAgents[] = {"169.254.170.2", "169.254.170.23", "fd00:ec2::23"};  // ECS, EKS, EKS IPv6
  return ip->is_loopback() ||
         std::ranges::any_of(kAgents, [&](std::string_view agent) { return *net::IpAddress::parse(agent) == *ip; });
}

Result<http::Url> agent_url(const Environment& environment) {
  const std::string relative = environment.variable("AWS_CONTAINER_CREDENTIALS_RELATIVE_URI");
  if (!relative.empty()) {
    if (!relative.starts_with('/'))
      return fail(Code::invalid, "AWS_CONTAINER_CREDENTIALS_RELATIVE_URI must begin with /");
    return http::Url::parse(std::string(kAgent) + relative);
  }
  const std::string full = environment.variable("AWS_CONTAINER_CREDENTIALS_FULL_URI");
  if (full.empty()) return fail(Code::not_found, "AWS_CONTAINER_CREDENTIALS_RELATIVE_URI and _FULL_URI are not set");
  FL_TRY(http::Url url, http::Url::parse(full));
  if (!may_be_asked(url))
    return fail(Code::invalid, fmt::format("AWS_CONTAINER_CREDENTIALS_FULL_URI: {} is neither https, nor this machine, "
                                           "nor the address of an ECS or EKS agent",
                                           url.host));
  return url;
}

// Read at each fetch: the file is replaced as the token expires. Empty: none is set.
Result<std::string> authorization(const Environment& environment) {
  std::string token = environment.variable("AWS_CONTAINER_AUTHORIZATION_TOKEN");
  if (const std::string path = environment.variable("AWS_CONTAINER_AUTHORIZATION_TOKEN_FILE"); !path.empty()) {
    auto read = environment.read_file(path);
    if (!read) return fail(Code::unavailable, std::move(read).error().message);
    token = trim(*read);
  }
  if (std::ranges::any_of(token, [](char c) { return c == '\r' || c == '\n' || c == '\0'; }))
    return fail(Code::invalid, "the container authorization token has more than one line");
  return token;
}

}  // namespace

Found from_container(Inputs inputs) {
  FL_CO_TRY(http::Url url, agent_url(inputs.environment));
  FL_CO_TRY(std::string token, authorization(inputs.environment));
  http::FetchRequest request{.url = url, .headers = {{"Accept", "application/json"}}};
  if (!token.empty()) request.headers.emplace_back("Authorization", std::move(token));
  const http::FetchOptions options{
      .timeout = kTimeout, .max_body_bytes = 1 << 20, .tls = inputs.caller.options().tls, .stop = inputs.stop()};
  FL_CO_TRY(const http::FetchResponse response, co_await inputs.fetcher.fetch(std::move(request), options));
  if (response.status != 200)
    co_return fail(Code::unavailable, fmt::format("{} answers with status {}", url.to_string(), response.status));
  co_return parse_credentials(response.body, "Token");
}

}  // namespace fl::aws::credentials
