#include "proxy/routing/router_table.h"

#include <algorithm>
#include <array>
#include <span>
#include <utility>

namespace fl::proxy::routing {
namespace {

// What stands behind the first label, with its dot: the key of the wildcards a name falls under.
std::string_view parent_domain(std::string_view host) {
  const size_t dot = host.find('.');
  return dot == host.npos ? std::string_view{} : host.substr(dot);
}

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

RouterTable::RouterTable(std::vector<Router> routers) : routers_(in_priority_order(std::move(routers))) {
  std::vector<std::pair<std::string_view, uint32_t>> exact, wildcard;
  for (uint32_t i = 0; i < routers_.size(); ++i) {
    const auto& hosts = routers_[i].rule->required_hosts();
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
  // Up to five ascending lists, merged so that the highest priority of all is tried first.
  std::array<std::span<const uint32_t>, 5> lists;
  size_t count = 0;
  const auto add = [&](std::span<const uint32_t> list) {
    if (!list.empty()) lists[count++] = list;
  };
  for (const std::string_view name : {request.host, request.cname}) {
    if (name.empty()) continue;
    add(exact_.find(name));
    add(wildcard_.find(parent_domain(name)));
  }
  add(any_host_);

  while (count > 0) {
    size_t best = 0;
    for (size_t i = 1; i < count; ++i)
      if (lists[i].front() < lists[best].front()) best = i;
    const Router& router = routers_[lists[best].front()];
    if (router.rule->matches(request)) return router.id;
    lists[best] = lists[best].subspan(1);
    if (lists[best].empty()) lists[best] = lists[--count];
  }
  return -1;
}

std::vector<Verdict> RouterTable::explain(const rules::RouteRequest& request) const {
  std::vector<Verdict> verdicts;
  verdicts.reserve(routers_.size());
  for (const Router& router : routers_) {
    std::string failed = router.rule->failed_matcher(request);
    const bool matches = failed.empty();
    verdicts.push_back({router.id, router.priority, matches, std::move(failed)});
  }
  return verdicts;
}

}  // namespace fl::proxy::routing
