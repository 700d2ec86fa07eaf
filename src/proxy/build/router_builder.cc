#include "proxy/build/router_builder.h"

#include <fmt/format.h>

#include <algorithm>
#include <utility>

#include "config/merge.h"
#include "proxy/build/in_order.h"
#include "proxy/middleware/router_loop.h"
#include "proxy/rules/priority.h"

namespace fl::proxy {
namespace {

std::string_view provider_of(std::string_view name) { return config::split_name(name).provider; }

std::string options_of(const config::dynamic::RouterTls& tls) {
  return tls.options.empty() ? std::string(TlsHosts::kDefault) : tls.options;
}

bool is_same(const RouterEntry& a, const RouterEntry& b) { return a == b || *a == *b; }

}  // namespace

BuiltRouters RouterBuilder::build_all(const BuiltRouters& before) {
  const auto& routers = report_.configuration->http.routers;
  BuiltRouters all;
  all.reserve(routers.size());
  InOrder<BuiltRouter> known(before);
  const config::Objects<RouterReport> wrong = std::exchange(report_.routers, {});
  for (auto it = routers.begin(); it != routers.end(); ++it) {
    const RouterEntry& entry = it.entry();
    const auto* was = known.find(entry->first);
    const auto issues = wrong.find(entry->first);
    // A report that tells of the text's mistakes is not one to share.
    if (was != nullptr && issues == wrong.end() && (*was)->report != nullptr && is_same((*was)->configuration, entry) &&
        leads_to_the_same(entry->second, **was)) {
      if (entry->second.tls) add_tls_hosts(entry, (*was)->rule);
      all.push_back(*was);
      report_.routers.share((*was)->report);
      continue;
    }
    using Entry = config::Objects<RouterReport>::Entry;
    auto report = std::make_shared<Entry>(entry->first, issues != wrong.end() ? issues->second : RouterReport());
    report_.routers.share(report);
    auto built = build(entry, report->second, was != nullptr ? was->get() : nullptr);
    if (!built) {
      report->second.disable(built.error().message);
      continue;
    }
    if (issues == wrong.end()) (*built)->report = std::move(report);
    all.push_back(*std::move(built));
  }
  report_.routers.share_missing(wrong);
  return all;
}

bool RouterBuilder::leads_to_the_same(const config::dynamic::Router& router, const BuiltRouter& before) {
  const auto service = services_.get(router.service);
  if (!service || *service != before.service) return false;
  if (router.tls && tls_.context(options_of(*router.tls)) == nullptr) return false;
  if (router.middlewares.empty()) return true;
  const auto chain = middlewares_.expand(router.middlewares, services_);
  return chain && *chain == before.chain;
}

Result<std::shared_ptr<BuiltRouter>> RouterBuilder::build(const RouterEntry& entry, RouterReport& report,
                                                          const BuiltRouter* before) {
  const auto& [name, router] = *entry;
  const bool internal = provider_of(name) == "internal";
  report.priority = router.priority != 0 ? router.priority : rules::default_priority(router.rule);
  FL_TRY_VOID(find_entry_points(router.entry_points, inputs_.entry_points, report));
  if (!internal) FL_TRY_VOID(rules::user_priority(router.priority, router.rule).map([](int64_t) {}));
  if (!router.parent_refs.empty())
    return fail(Code::invalid, "parentRefs (multi-layer routing) are not supported by this version of fairlead yet");
  if (router.rule_syntax == "v2")
    return fail(Code::invalid, "ruleSyntax v2 is not supported: write the rule in the v3 syntax");
  if (router.service.empty()) return fail(Code::invalid, "router has no service and no child routers");

  auto built = std::make_shared<BuiltRouter>();
  built->configuration = entry;
  if (before != nullptr && before->rule->text() == router.rule) {
    built->rule = before->rule;
  } else {
    FL_TRY(built->rule, rules::Rule::compile(router.rule));
  }
  if (router.tls) FL_TRY_VOID(check_tls(entry, built->rule, report));
  FL_TRY(built->chain, middlewares_.expand(router.middlewares, services_));
  FL_TRY(built->service, services_.get(router.service));

  if (before != nullptr && is_same(before->configuration, entry) && before->chain == built->chain &&
      before->service == built->service) {
    built->snapshot = before->snapshot;
    return built;
  }
  auto snapshot = std::make_shared<RouterSnapshot>();
  snapshot->name = name;
  snapshot->service = router.service;
  FL_TRY(snapshot->handler, middlewares_.wrap(built->chain, built->service));
  if (router.from_default_rule) snapshot->handler = middleware::make_router_loop(name, std::move(snapshot->handler));
  if (router.observability) {
    snapshot->log = router.observability->access_logs.value_or(true);
    snapshot->count = router.observability->metrics.value_or(true);
  }
  snapshot->internal = provider_of(router.service) == "internal";
  built->snapshot = std::move(snapshot);
  return built;
}

void RouterBuilder::add_tls_hosts(const RouterEntry& entry, std::shared_ptr<const rules::Rule> rule) {
  tls_hosts_.add(entry->first, entry->second.entry_points, options_of(*entry->second.tls), std::move(rule));
}

Result<> RouterBuilder::check_tls(const RouterEntry& entry, std::shared_ptr<const rules::Rule> rule,
                                  RouterReport& report) {
  const config::dynamic::RouterTls& tls = *entry->second.tls;
  add_tls_hosts(entry, std::move(rule));
  // Traefik only logs it and goes on with the certificates there are.
  if (!tls.cert_resolver.empty())
    report.warn(fmt::format("the router uses a nonexistent certificate resolver: {}", tls.cert_resolver));
  if (const std::string options = options_of(tls); tls_.context(options) == nullptr)
    return fail(Code::invalid, fmt::format("building router handler: unknown TLS options: {}", options));
  return {};
}

void RouterBuilder::fill(const std::string& entry_point, const BuiltRouters& routers,
                         EntryPointSnapshot& snapshot) const {
  std::vector<std::pair<size_t, size_t>> order;  // precedence, place in `routers`
  order.reserve(routers.size());
  for (size_t i = 0; i < routers.size(); ++i) {
    const auto& entry_points = routers[i]->configuration->second.entry_points;
    if (std::ranges::find(entry_points, entry_point) != entry_points.end())
      order.emplace_back(precedence_of(routers[i]->name(), inputs_.precedence), i);
  }
  std::ranges::sort(order);
  std::vector<routing::Router> http, https;
  for (const auto& [_, place] : order) {
    const BuiltRouter& router = *routers[place];
    const auto& configuration = router.configuration->second;
    const int64_t priority =
        configuration.priority != 0 ? configuration.priority : rules::default_priority(configuration.rule);
    auto& served = configuration.tls ? snapshot.https.routers : snapshot.http.routers;
    (configuration.tls ? https : http).push_back({router.rule, priority, static_cast<int>(served.size())});
    served.push_back(router.snapshot);
  }
  snapshot.http.table = routing::RouterTable(std::move(http));
  snapshot.https.table = routing::RouterTable(std::move(https));
  snapshot.tls_hosts = tls_hosts_.build(entry_point);
}

}  // namespace fl::proxy
