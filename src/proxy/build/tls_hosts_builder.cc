#include "proxy/build/tls_hosts_builder.h"

#include <fmt/format.h>

#include <algorithm>
#include <map>
#include <utility>

namespace fl::proxy {

TlsHosts TlsHostsBuilder::build(const std::string& entry_point) const {
  std::map<std::string, std::vector<const Router*>> by_host;
  bool any_host = false;
  for (const Router& router : routers_) {
    if (std::ranges::find(*router.entry_points, entry_point) == router.entry_points->end()) continue;
    const std::vector<std::string> hosts = router.rule->named_hosts();
    any_host = any_host || hosts.empty();
    if (hosts.empty() && router.options != TlsHosts::kDefault)
      reports_[*router.name].warn(
          fmt::format("no domain found in rule {}, so the TLS options applied depend on the server name of each "
                      "connection: {} are not this router's",
                      router.rule->text(), router.options));
    for (const std::string& host : hosts) by_host[host].push_back(&router);
  }
  std::vector<std::pair<std::string, std::string>> hosts;
  hosts.reserve(by_host.size());
  for (const auto& [host, routers] : by_host) {
    const bool agree =
        std::ranges::all_of(routers, [&](const Router* router) { return router->options == routers.front()->options; });
    hosts.emplace_back(host, agree ? routers.front()->options : std::string(TlsHosts::kDefault));
    if (agree) continue;
    for (const Router* router : routers)
      reports_[*router->name].warn(fmt::format(
          "found different TLS options for routers on the same host {}, so using the default TLS options instead",
          host));
  }
  return TlsHosts(hosts, any_host);
}

}  // namespace fl::proxy
