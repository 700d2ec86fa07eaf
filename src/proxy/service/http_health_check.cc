#include "proxy/service/http_health_check.h"

#include <fmt/format.h>

#include "base/strings.h"
#include "proxy/build/server_url.h"
#include "proxy/service/server_check_options.h"

namespace fl::proxy {
namespace {

constexpr int kMaxRedirects = 10;  // as Go's client

Result<http::Url> probe_url(const std::string& server, const config::dynamic::ServerHealthCheck& options) {
  FL_TRY(ServerUrl url, parse_server_url(server));
  if (!options.scheme.empty()) url.scheme = to_lower(options.scheme);
  if (options.port != 0) url.port = static_cast<uint16_t>(options.port);
  const std::string_view path = options.path;
  const std::string_view slash = path.starts_with('/') ? "" : "/";
  return http::Url::parse(
      fmt::format("{}://{}{}{}", url.scheme == "https" ? "https" : "http", url.address(), slash, path));
}

// Where a redirect leads (RFC 3986 5.2, as far as servers use it).
Result<http::Url> redirected(const http::Url& from, std::string_view location) {
  if (location.contains("://")) return http::Url::parse(location);
  const std::string origin = fmt::format("{}://{}", from.https ? "https" : "http", from.authority());
  if (location.starts_with('/')) return http::Url::parse(origin + std::string(location));
  return http::Url::parse(origin + from.path.substr(0, from.path.rfind('/') + 1) + std::string(location));
}

}  // namespace

Result<std::shared_ptr<const HttpHealthCheck>> HttpHealthCheck::make(std::string service,
                                                                     std::vector<CheckedServer> servers,
                                                                     const config::dynamic::ServerHealthCheck& options,
                                                                     http::Fetcher* fetcher,
                                                                     std::shared_ptr<const tls::ClientContext> tls) {
  if (options.path.contains("://") || options.path.starts_with("//"))
    return fail(Code::invalid,
                fmt::format("healthCheck.path {}: a path relative to the server, not a URL", options.path));
  FL_TRY(Options common, server_check_options(std::move(service), std::move(servers), options));
  auto check = std::make_shared<HttpHealthCheck>(std::move(common), fetcher);
  for (const CheckedServer& server : check->options().servers) {
    http::FetchRequest request;
    request.method = options.method.empty() ? "GET" : options.method;
    FL_TRY(request.url, probe_url(server.url, options));
    request.host = options.hostname;
    for (const auto& [name, value] : options.headers) request.headers.emplace_back(name, value);
    check->requests_.push_back(std::move(request));
  }
  check->tls_ = std::move(tls);
  check->status_ = options.status;
  check->timeout_ = check_timeout(options);
  check->follow_redirects_ = options.follow_redirects;
  return check;
}

Result<> HttpHealthCheck::judge(uint16_t status) const {
  if (status_ != 0 && status != status_)
    return fail(Code::unavailable,
                fmt::format("received error status code: {} expected status code: {}", status, status_));
  if (status_ == 0 && (status < 200 || status >= 400))
    return fail(Code::unavailable, fmt::format("received error status code: {}", status));
  return {};
}

net::Task<Result<>> HttpHealthCheck::probe(size_t server, net::StopToken stop) const {
  const TimePoint deadline = fetcher_->loop().now() + timeout_;
  http::FetchRequest request = requests_[server];
  for (int redirects = 0;; ++redirects) {
    const Duration left = deadline - fetcher_->loop().now();
    FL_CO_TRY(const auto answer,
              co_await fetcher_->fetch(request, {.timeout = left, .head_only = true, .tls = tls_, .stop = &stop}));
    const std::string_view location = answer.header("Location");
    const bool is_redirect = answer.status / 100 == 3 && answer.status != 304 && !location.empty();
    if (!is_redirect || !follow_redirects_) co_return judge(answer.status);
    if (redirects == kMaxRedirects)
      co_return fail(Code::unavailable, fmt::format("stopped after {} redirects", kMaxRedirects));
    FL_CO_TRY(request.url, redirected(request.url, location));
    request.host.clear();
  }
}

}  // namespace fl::proxy
