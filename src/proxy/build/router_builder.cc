#include "proxy/build/router_builder.h"

#include <fmt/format.h>

#include <algorithm>
#include <utility>

#include "config/merge.h"
#include "proxy/build/in_order.h"
#include "proxy/child_routers.h"
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
  before_ = &before;
  const Reports wrong = std::exchange(report_.routers, {});
  for (auto it = routers.begin(); it != routers.end(); ++it) {
    const Built* was = known.find(it->first);
    Built built = it->second.parent_refs.empty() ? make(it.entry(), was, wrong) : make_child(it.entry(), wrong);
    if (built != nullptr) all.push_back(std::move(built));
  }
  report_.routers.share_missing(wrong);
  return all;
}

RouterBuilder::Built RouterBuilder::make(const RouterEntry& entry, const Built* was, const Reports& wrong) {
  const auto issues = wrong.find(entry->first);
  // A report that tells of mistakes in the text or in the tree is not one to share.
  const bool own = issues == wrong.end() && !tree_.has_issues(entry->first);
  if (was != nullptr && own && (*was)->report != nullptr && is_same((*was)->configuration, entry) &&
      leads_to_the_same(entry, **was, wrong)) {
    if (entry->second.tls) add_tls_hosts(entry, (*was)->rule);
    report_.routers.share((*was)->report);
    return *was;
  }
  auto report = std::make_shared<Reports::Entry>(entry->first, issues != wrong.end() ? issues->second : RouterReport());
  report_.routers.share(report);
  if (!tree_.add_issues(entry->first, report->second)) return nullptr;
  auto built = build(entry, report->second, was != nullptr ? was->get() : nullptr, wrong);
  if (!built) {
    report->second.disable(built.error().message);
    return nullptr;
  }
  if (own) (*built)->report = std::move(report);
  return *std::move(built);
}

RouterBuilder::Built RouterBuilder::make_child(const RouterEntry& entry, const Reports& wrong) {
  const std::string_view name = entry->first;
  auto known = children_.find(name);
  if (known == children_.end()) {
    const auto was = std::ranges::lower_bound(*before_, name, {}, [](const Built& built) { return built->name(); });
    const bool found = was != before_->end() && (*was)->name() == name;
    known = children_.emplace(name, make(entry, found ? &*was : nullptr, wrong)).first;
  }
  return known->second;
}

std::vector<RouterBuilder::Built> RouterBuilder::children_of(std::string_view parent, const Reports& wrong) {
  std::vector<Built> made;
  for (const RouterEntry& child : tree_.children(parent))
    if (Built built = make_child(child, wrong); built != nullptr) made.push_back(std::move(built));
  return made;
}

bool RouterBuilder::leads_to_the_same(const RouterEntry& entry, const BuiltRouter& before, const Reports& wrong) {
  const config::dynamic::Router& router = entry->second;
  if (children_of(entry->first, wrong) != before.children) return false;
  if (before.children.empty()) {
    const auto service = services_.get(router.service);
    if (!service || *service != before.service) return false;
  }
  if (router.tls && tls_.context(options_of(*router.tls)) == nullptr) return false;
  if (router.middlewares.empty()) return true;
  const auto chain = middlewares_.expand(router.middlewares, services_);
  return chain && *chain == before.chain;
}

Result<HandlerPtr> RouterBuilder::build_target(const RouterEntry& entry, BuiltRouter& built, const Reports& wrong) {
  const auto& behind = tree_.children(entry->first);
  if (behind.empty()) {
    if (entry->second.service.empty()) return fail(Code::invalid, "router has no service and no child routers");
    FL_TRY(built.service, services_.get(entry->second.service));
    return built.service;
  }
  built.children = children_of(entry->first, wrong);
  if (built.children.empty())
    return fail(Code::invalid,
                fmt::format("building child routers muxer: no child routers could be added to muxer ({} skipped)",
                            behind.size()));
  return std::make_shared<ChildRouters>(in_table(built.children));
}
Result<std::shared_ptr<BuiltRouter>> RouterBuilder::build(const RouterEntry& entry, RouterReport& report,
                                                          const BuiltRouter* before, const Reports& wrong) {
  const auto& [name, router] = *entry;
  const bool internal = provider_of(name) == "internal";
  report.priority = router.priority != 0 ? router.priority : rules::default_priority(router.rule);
  if (router.parent_refs.empty()) FL_TRY_VOID(find_entry_points(router.entry_points, inputs_.entry_points, report));
  if (!internal) FL_TRY_VOID(rules::user_priority(router.priority, router.rule).map([](int64_t) {}));
  if (router.rule_syntax == "v2")
    return fail(Code::invalid, "ruleSyntax v2 is not supported: write the rule in the v3 syntax");

  auto built = std::make_shared<BuiltRouter>();
  built->configuration = entry;
  if (before != nullptr && before->rule->text() == router.rule) {
    built->rule = before->rule;
  } else {
    FL_TRY(built->rule, rules::Rule::compile(router.rule));
  }
  if (router.tls) FL_TRY_VOID(check_tls(entry, built->rule, report));
  FL_TRY(built->chain, middlewares_.expand(router.middlewares, services_));
  FL_TRY(HandlerPtr target, build_target(entry, *built, wrong));

  if (before != nullptr && is_same(before->configuration, entry) && before->chain == built->chain &&
      before->service == built->service && before->children == built->children) {
    built->snapshot = before->snapshot;
    return built;
  }
  auto snapshot = std::make_shared<RouterSnapshot>();
  snapshot->name = name;
  snapshot->service = router.service;
  FL_TRY(snapshot->handler, middlewares_.wrap(built->chain, std::move(target)));
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

HttpRouters RouterBuilder::in_table(const BuiltRouters& routers) const {
  std::vector<std::pair<size_t, size_t>> order;  // precedence, place in `routers`
  order.reserve(routers.size());
  for (size_t i = 0; i < routers.size(); ++i)
    order.emplace_back(precedence_of(routers[i]->name(), inputs_.precedence), i);
  std::ranges::sort(order);
  HttpRouters made;
  made.routers.reserve(routers.size());
  std::vector<routing::Router> table;
  table.reserve(routers.size());
  for (const auto& [_, place] : order) {
    const BuiltRouter& router = *routers[place];
    const auto& configuration = router.configuration->second;
    const int64_t priority =
        configuration.priority != 0 ? configuration.priority : rules::default_priority(configuration.rule);
    table.push_back({router.rule, priority, static_cast<int>(made.routers.size())});
    made.routers.push_back(router.snapshot);
  }
  made.table = routing::RouterTable(std::move(table));
  return made;
}

void RouterBuilder::fill(const std::string& entry_point, const BuiltRouters& routers,
                         EntryPointSnapshot& snapshot) const {
  BuiltRouters http, https;
  for (const Built& router : routers) {
    const auto& configuration = router->configuration->second;
    if (std::ranges::find(configuration.entry_points, entry_point) != configuration.entry_points.end())
      (configuration.tls ? https : http).push_back(router);
  }
  snapshot.http = in_table(http);
  snapshot.https = in_table(https);
  snapshot.tls_hosts = tls_hosts_.build(entry_point);
}

}  // namespace fl::proxy
