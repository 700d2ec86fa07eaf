#include "agent/session/control_plane.h"

#include <fmt/format.h>

#include <algorithm>

#include "aws/credential_chain.h"
#include "aws/sigv4.h"

namespace fl::agent::session {
namespace {

constexpr Duration kConnectTime = 20s;

// "http://h:1/", "http://h:1/tcs", "wss://h" + "ws" and the query.
Result<http::Url> websocket_url(std::string_view endpoint, const QueryItems& query) {
  std::string text(endpoint);
  for (const auto& [from, to] : {std::pair("wss://", "https://"), std::pair("ws://", "http://")})
    if (text.starts_with(from)) text.replace(0, std::string_view(from).size(), to);
  FL_TRY(http::Url url, http::Url::parse(text));
  if (!url.path.ends_with('/')) url.path += '/';
  url.path += "ws";
  url.has_query = true;
  for (const auto& [key, value] : query)
    url.query += fmt::format("{}{}={}", url.query.empty() ? "" : "&", key, aws::uri_encode(value));
  return url;
}

}  // namespace

Result<std::unique_ptr<ControlPlane>> ControlPlane::create(http::Fetcher& fetcher, const aws::Environment& environment,
                                                           ControlPlaneOptions options) {
  FL_TRY(aws::Profiles profiles, aws::Profiles::load(environment));
  return std::unique_ptr<ControlPlane>(new ControlPlane(fetcher, environment, std::move(profiles), std::move(options)));
}

ControlPlane::ControlPlane(http::Fetcher& fetcher, const aws::Environment& environment, aws::Profiles profiles,
                           ControlPlaneOptions options)
    : fetcher_(fetcher),
      options_(std::move(options)),
      profiles_(std::move(profiles)),
      caller_(fetcher, environment, profiles_,
              [this] {
                aws::CallerOptions caller;
                caller.region = options_.region;
                caller.stop = options_.stop;
                return caller;
              }()),
      credentials_(std::make_unique<aws::CredentialChain>(fetcher, environment, profiles_, caller_, aws::GivenKeys{})) {
}

net::Task<Result<http::FetchHeaders>> ControlPlane::sign(const http::Url& url, std::string_view body) {
  FL_CO_TRY(const aws::Credentials keys, co_await credentials_->get());
  aws::SigningInput input{"GET", url.path, url.query, {}, body};
  input.headers.emplace_back("Host", url.authority());
  co_return aws::sign(input, keys, {options_.region, "ecs"}, fetcher_.loop().wall() + caller_.clock_offset());
}

net::Task<Result<std::unique_ptr<http::UpgradedConnection>>> ControlPlane::connect(std::string endpoint,
                                                                                   QueryItems query) {
  http::FetchRequest request;
  FL_CO_TRY(request.url, websocket_url(endpoint, query));
  FL_CO_TRY(request.headers, co_await sign(request.url, {}));
  const std::string where = fmt::format("{}{}", request.url.authority(), request.url.path);
  auto connection = co_await http::connect_websocket(
      fetcher_, std::move(request), {.timeout = kConnectTime, .tls = caller_.options().tls, .stop = options_.stop});
  if (!connection) co_return tl::make_unexpected(std::move(connection).error().context(where));
  co_return connection;
}

net::Task<Result<std::string>> ControlPlane::sign_telemetry(std::string endpoint, QueryItems query, std::string body) {
  FL_CO_TRY(const http::Url url, websocket_url(endpoint, query));
  FL_CO_TRY(http::FetchHeaders headers, co_await sign(url, body));
  headers.emplace_back("Host", url.authority());
  std::ranges::sort(headers);
  std::string out;
  for (const auto& [name, value] : headers) out += fmt::format("{}: {}\r\n", name, value);
  co_return out + "\r\n" + body;
}

}  // namespace fl::agent::session
