#include "proxy/tcp/router_table.h"

#include <algorithm>
#include <utility>

#include "proxy/routing/first_match.h"

namespace fl::proxy::tcp {

namespace {

// Highest first; equal ones stay in their order.
std::vector<RouterPtr> in_priority_order(std::vector<RouterPtr> routers) {
  std::vector<std::pair<int64_t, size_t>> order;
  for (size_t i = 0; i < routers.size(); ++i) order.emplace_back(routers[i]->priority, i);
  std::ranges::sort(
      order, [](const auto& a, const auto& b) { return a.first != b.first ? a.first > b.first : a.second < b.second; });
  std::vector<RouterPtr> sorted;
  sorted.reserve(routers.size());
  for (const auto& [priority, i] : order) sorted.push_back(std::move(routers[i]));
  return sorted;
}

}  // namespace

RouterTable::RouterTable(std::vector<RouterPtr> routers) : routers_(in_priority_order(std::move(routers))) {
  std::vector<std::pair<std::string_view, uint32_t>> exact, wildcard;
  for (uint32_t i = 0; i < routers_.size(); ++i) {
    const auto& hosts = routers_[i]->rule->required_hosts();
    if (!hosts) {
      any_name_.push_back(i);
      continue;
    }
    for (const std::string_view host : *hosts) {
      if (host.starts_with('*'))
        wildcard.emplace_back(host.substr(1), i);
      else
        exact.emplace_back(host, i);
    }
  }
  exact_ = routing::HostIndex(std::move(exact));
  wildcard_ = routing::HostIndex(std::move(wildcard));
}

const RouterPtr* RouterTable::find(const ConnectionFacts& facts) const {
  routing::CandidateLists<3> candidates;
  if (!facts.server_name.empty()) {
    candidates.add(exact_.find(facts.server_name));
    candidates.add(wildcard_.find(routing::parent_domain(facts.server_name)));
  }
  candidates.add(any_name_);
  const int64_t found = candidates.first([&](uint32_t i) { return routers_[i]->rule->matches(facts); });
  return found < 0 ? nullptr : &routers_[static_cast<size_t>(found)];
}

std::vector<Verdict> RouterTable::explain(const ConnectionFacts& facts) const {
  std::vector<Verdict> verdicts;
  verdicts.reserve(routers_.size());
  for (const RouterPtr& router : routers_) verdicts.push_back({router.get(), router->rule->failed_matcher(facts)});
  return verdicts;
}

}  // namespace fl::proxy::tcp
