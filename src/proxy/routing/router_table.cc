#include "proxy/routing/router_table.h"

#include <algorithm>
#include <utility>

#include "proxy/routing/first_match.h"

namespace fl::proxy::routing {
namespace {

// Highest first; equal ones stay in their order.
std::vector<Router> in_priority_order(std::vector<Router> routers) {
  std::vector<std::pair<int64_t, size_t>> order;
  order.reserve(routers.size());
  for (size_t i = 0; i < routers.size(); ++i) order.emplace_back(routers[i].priority, i);
  std::ranges::sort(
      order, [](const auto& a, const auto& b) { return a.first != b.first ? a.first > b.first : a.second < b.second; });
  std::vector<Router> sorted;
  sorted.reserve(routers.size());
  for (const auto& [priority, i] : order) sorted.push_back(std::move(routers[i]));
  return sorted;
}

}  // namespace

RouterTable::RouterTable(std::vector<Router> routers) {
  std::vector<std::pair<std::string_view, uint32_t>> exact, wildcard;
  routers_.reserve(routers.size());
  for (Router& router : in_priority_order(std::move(routers))) {
    const auto i = static_cast<uint32_t>(routers_.size());
    const rules::Rule& rule = *router.rule;  // shared: stays where it is
    routers_.push_back({.router = std::move(router), .host_suffices = rule.host_suffices()});
    const auto& hosts = rule.required_hosts();
    if (!hosts) {
      any_host_.push_back(i);
      continue;
    }
    for (const std::string_view host : *hosts) {
      if (host.starts_with('*')) {
        wildcard.emplace_back(host.substr(1), i);
      } else {
        exact.emplace_back(host, i);
      }
    }
  }
  exact_ = HostIndex(std::move(exact));
  wildcard_ = HostIndex(std::move(wildcard));
}

int RouterTable::find(const rules::RouteRequest& request) const {
  CandidateLists<5> candidates;
  for (const std::string_view name : {request.host, request.cname}) {
    if (name.empty()) continue;
    candidates.add(exact_.find(name));
    candidates.add(wildcard_.find(parent_domain(name)));
  }
  candidates.add(any_host_);
  const int64_t found = candidates.first(
      [&](uint32_t i) { return routers_[i].host_suffices || routers_[i].router.rule->matches(request); });
  return found < 0 ? -1 : routers_[static_cast<size_t>(found)].router.id;
}

std::vector<Verdict> RouterTable::explain(const rules::RouteRequest& request) const {
  std::vector<Verdict> verdicts;
  verdicts.reserve(routers_.size());
  for (const auto& [router, _] : routers_) {
    std::string failed = router.rule->failed_matcher(request);
    const bool matches = failed.empty();
    verdicts.push_back({router.id, router.priority, matches, std::move(failed)});
  }
  return verdicts;
}

}  // namespace fl::proxy::routing
