#include "aws/instance_metadata.h"

#include <fmt/format.h>

#include "base/strings.h"

namespace fl::aws {
namespace {

// It is next door, or there is none.
constexpr Duration kTimeout = 1s;

Result<std::string> base_url(const Environment& environment) {
  if (iequals(environment.variable("AWS_EC2_METADATA_DISABLED"), "true"))
    return fail(Code::not_found, "AWS_EC2_METADATA_DISABLED is true");
  std::string url = environment.variable("AWS_EC2_METADATA_SERVICE_ENDPOINT");
  while (url.ends_with('/')) url.pop_back();
  if (!url.empty()) return url;
  const bool is_v6 = iequals(environment.variable("AWS_EC2_METADATA_SERVICE_ENDPOINT_MODE"), "IPv6");
  return is_v6 ? "http://[fd00:ec2::254]" : "http://169.254.169.254";
}

}  // namespace

net::Task<Result<http::FetchResponse>> InstanceMetadata::ask(std::string_view method, std::string target,
                                                             http::FetchHeaders headers) {
  FL_CO_TRY(const std::string base, base_url(environment_));
  FL_CO_TRY(http::Url url, http::Url::parse(base + target));
  http::FetchRequest request{.method = std::string(method), .url = std::move(url), .headers = std::move(headers)};
  auto response =
      co_await fetcher_.fetch(std::move(request), {.timeout = kTimeout, .max_body_bytes = 1 << 20, .stop = stop_});
  if (!response && response.error().code != Code::canceled)
    co_return fail(Code::not_found, fmt::format("no instance metadata service: {}", response.error().message));
  co_return response;
}

// A session token of version 2; empty when only version 1 is there. A container one hop too far away gets no answer to
// this, though version 1 may still answer: silence counts as version 1 too.
net::Task<Result<std::string>> InstanceMetadata::token() {
  auto response = co_await ask("PUT", "/latest/api/token", {{"X-aws-ec2-metadata-token-ttl-seconds", "21600"}});
  const bool v1_allowed = !iequals(environment_.variable("AWS_EC2_METADATA_V1_DISABLED"), "true");
  if (response && response->status == 200) co_return std::string(trim(response->body));
  if (!v1_allowed || (!response && response.error().code == Code::canceled)) {
    if (!response) co_return tl::make_unexpected(std::move(response).error());
    co_return fail(Code::unavailable,
                   fmt::format("the instance metadata token is refused: status {}", response->status));
  }
  co_return std::string();
}

net::Task<Result<std::string>> InstanceMetadata::get(std::string path) {
  FL_CO_TRY_VOID(base_url(environment_));
  FL_CO_TRY(const std::string session, co_await token());
  http::FetchHeaders headers;
  if (!session.empty()) headers.emplace_back("X-aws-ec2-metadata-token", session);
  FL_CO_TRY(const auto response, co_await ask("GET", "/latest/meta-data/" + path, std::move(headers)));
  if (response.status == 404) co_return fail(Code::not_found, fmt::format("no instance metadata at {}", path));
  if (response.status != 200)
    co_return fail(Code::unavailable, fmt::format("instance metadata at {}: status {}", path, response.status));
  co_return response.body;
}

}  // namespace fl::aws
