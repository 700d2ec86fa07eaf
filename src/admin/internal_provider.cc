#include "admin/internal_provider.h"

#include <fmt/format.h>

#include <limits>
#include <optional>
#include <string>
#include <utility>

#include "base/strings.h"
#include "config/address.h"

namespace fl::admin {
namespace {

namespace dynamic = config::dynamic;
namespace statics = config::statics;

constexpr int64_t kHighest = std::numeric_limits<int64_t>::max();
constexpr std::string_view kInternalEntryPoint = "traefik";

dynamic::Router make_router(std::string_view entry_point, std::string rule, std::string service, int64_t priority) {
  dynamic::Router router;
  router.entry_points = {std::string(entry_point)};
  router.service = std::move(service);
  router.rule = std::move(rule);
  router.rule_syntax = "v3";
  router.priority = priority;
  return router;
}

// Only called for api.basePath, whose characters are checked: of those, regular expressions know just these two.
std::string escape_regex(std::string_view path) {
  std::string out;
  for (const char c : path) {
    if (c == '/' || c == '.') out += '\\';
    out += c;
  }
  return out;
}

void add_api(const statics::Api& api, dynamic::Http& http) {
  if (!api.insecure) return;
  const std::string base = api.base_path.substr(0, api.base_path.find_last_not_of('/') + 1);
  http.routers["api"] =
      make_router(kInternalEntryPoint, fmt::format("PathPrefix(`{}/api`)", base), "api@internal", kHighest - 1);
  if (api.debug)
    http.routers["debug"] =
        make_router(kInternalEntryPoint, fmt::format("PathPrefix(`{}/debug`)", base), "api@internal", kHighest - 1);
  if (!api.dashboard) return;
  dynamic::Router dashboard = make_router(kInternalEntryPoint, fmt::format("PathPrefix(`{}`)", api.base_path),
                                          "dashboard@internal", kHighest - 2);
  dashboard.middlewares = {"dashboard_redirect@internal", "dashboard_stripprefix@internal"};
  http.routers["dashboard"] = std::move(dashboard);
  http.middlewares["dashboard_redirect"].redirect_regex = {
      .regex = fmt::format(R"(^(http:\/\/(\[[\w:.]+\]|[\w\._-]+)(:\d+)?){}$)", escape_regex(api.base_path)),
      .replacement = fmt::format("${{1}}{}/dashboard/", base),
      .permanent = true};
  http.middlewares["dashboard_stripprefix"].strip_prefix = {.prefixes = {base + "/dashboard/", base + "/dashboard"},
                                                            .force_slash = {}};
}

std::string normalize(std::string_view name) {
  std::string out;
  bool gap = false;
  for (const char c : name) {
    // Bytes of other scripts are letters, as Go's unicode.IsLetter has it for nearly all of them.
    if (!is_alnum(c) && static_cast<unsigned char>(c) < 0x80) {
      gap = true;
      continue;
    }
    if (std::exchange(gap, false) && !out.empty()) out += '-';
    out += c;
  }
  return out;
}

std::optional<std::string> redirect_port(std::string_view to, const statics::Configuration& configuration) {
  if (to.starts_with(':')) return parse_uint(to.substr(1)) ? std::optional<std::string>(to.substr(1)) : std::nullopt;
  const auto target = configuration.entry_points.find(to);
  if (target == configuration.entry_points.end()) return std::nullopt;
  const auto address = config::parse_address(target->second.address);
  if (!address) return std::nullopt;
  return std::to_string(address->port);
}

void add_redirection(const std::string& name, const statics::EntryPoint& entry_point,
                     const statics::Configuration& configuration, dynamic::Http& http) {
  if (!entry_point.http.redirections || !entry_point.http.redirections->entry_point) return;
  const statics::RedirectEntryPoint& redirection = *entry_point.http.redirections->entry_point;
  auto port = redirect_port(redirection.to, configuration);
  if (!port) return;
  std::string rule = "HostRegexp(`^.+$`)";
  if (entry_point.allow_acme_by_pass) rule += " && !PathPrefix(`/.well-known/acme-challenge/`)";
  const std::string router_name = normalize(fmt::format("{}-to-{}", name, redirection.to));
  dynamic::Router router = make_router(name, std::move(rule), "noop@internal", redirection.priority);
  router.middlewares = {"redirect-" + router_name};
  http.middlewares["redirect-" + router_name].redirect_scheme = {.scheme = redirection.scheme,
                                                                 .port = *std::move(port),
                                                                 .permanent = redirection.permanent,
                                                                 .force_permanent_redirect = false};
  http.routers[router_name] = std::move(router);
}

}  // namespace

dynamic::Configuration internal_configuration(const statics::Configuration& configuration) {
  dynamic::Configuration out;
  if (configuration.api) add_api(*configuration.api, out.http);
  if (const auto& ping = configuration.ping; ping && !ping->manual_routing)
    out.http.routers["ping"] = make_router(ping->entry_point, "PathPrefix(`/ping`)", "ping@internal", kHighest);
  if (const auto& prometheus = configuration.metrics.prometheus; prometheus && !prometheus->manual_routing)
    out.http.routers["prometheus"] =
        make_router(prometheus->entry_point, "PathPrefix(`/metrics`)", "prometheus@internal", kHighest);
  for (const auto& [name, entry_point] : configuration.entry_points)
    add_redirection(name, entry_point, configuration, out.http);
  return out;
}

}  // namespace fl::admin
