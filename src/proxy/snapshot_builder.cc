#include "proxy/snapshot_builder.h"

#include <fmt/format.h>

#include <algorithm>

#include "base/strings.h"
#include "config/merge.h"
#include "proxy/build/client_tls_builder.h"
#include "proxy/build/file_contents.h"
#include "proxy/build/middleware_chain.h"
#include "proxy/build/service_builder.h"
#include "proxy/build/tls_builder.h"
#include "proxy/middleware/router_loop.h"
#include "proxy/rules/priority.h"
#include "proxy/rules/rule.h"

namespace fl::proxy {
namespace {

using config::dynamic::Configuration;

struct BuiltRouter {
  const config::dynamic::Router* configuration = nullptr;  // in the configuration it was built from
  int64_t priority = 0;
  MiddlewareList chain;
  HandlerPtr service;
  std::shared_ptr<const rules::Rule> rule;
  std::shared_ptr<const RouterSnapshot> snapshot;
};

std::string_view provider_of(std::string_view name) { return config::split_name(name).provider; }

// Errors that decoding found become the errors of the object they were found in.
void take_issues(const std::vector<config::Issue>& issues, RuntimeReport& report) {
  for (const config::Issue& issue : issues) {
    ObjectReport* object = nullptr;
    if (issue.object.empty()) continue;
    if (issue.kind == "http.routers") object = &report.routers[issue.object];
    if (issue.kind == "http.services") object = &report.services[issue.object];
    if (issue.kind == "http.middlewares") object = &report.middlewares[issue.object];
    if (object == nullptr) continue;
    if (issue.severity == config::Severity::warning)
      object->warn(issue.to_text());
    else
      object->disable(issue.to_text());
  }
}

}  // namespace

std::string_view to_text(Status status) {
  switch (status) {
    case Status::enabled: return "enabled";
    case Status::warning: return "warning";
    case Status::disabled: return "disabled";
  }
  return "";
}

struct SnapshotBuilder::Secured {
  FileContents files;
  TlsBuilder tls;
  ClientTlsBuilder client_tls{files};
  explicit Secured(const BuildInputs& inputs)
      : tls({.ticket_keys = inputs.ticket_keys, .key_log_file = inputs.key_log_file}, files) {}
};

struct SnapshotBuilder::Memory {
  std::shared_ptr<const Configuration> configuration;  // the one the routers below were built from
  std::map<std::string, BuiltRouter, std::less<>> routers;
  std::map<std::string, BuiltService, std::less<>> services;
  std::map<std::string, std::weak_ptr<const UpstreamSpec>> upstreams;
  std::map<std::string, std::weak_ptr<const TurnCursor>> cursors;
};

SnapshotBuilder::SnapshotBuilder(BuildInputs inputs)
    : inputs_(std::move(inputs)), memory_(std::make_unique<Memory>()), secured_(std::make_unique<Secured>(inputs_)) {}
SnapshotBuilder::~SnapshotBuilder() = default;

std::set<std::string> SnapshotBuilder::files() const {
  std::set<std::string> all = secured_->tls.files();
  all.insert(secured_->client_tls.files().begin(), secured_->client_tls.files().end());
  return all;
}
void SnapshotBuilder::files_changed() { secured_->files.look_again(); }

namespace {

// One build: the routers of a configuration, with the services and middlewares they need.
class Build {
 public:
  Build(const BuildInputs& inputs, const Configuration& configuration, RuntimeReport& report,
        std::map<std::string, BuiltRouter, std::less<>>& before, const MiddlewareResolver& middlewares,
        ServiceBuilder& services)
      : inputs_(inputs),
        configuration_(configuration),
        report_(report),
        before_(before),
        middlewares_(middlewares),
        services_(services) {}

  // -> the router's snapshot, or its first error.
  Result<> router(const std::string& name, const config::dynamic::Router& router) {
    RouterReport& report = report_.routers[name];
    for (const std::string& entry_point : router.entry_points) {
      if (std::ranges::find(inputs_.entry_points, entry_point) != inputs_.entry_points.end())
        report.using_.push_back(entry_point);
      else
        report.warn(fmt::format("entryPoint \"{}\" doesn't exist", entry_point));
    }
    std::ranges::sort(report.using_);
    const bool internal = provider_of(name) == "internal";
    report.priority = router.priority != 0 ? router.priority : rules::default_priority(router.rule);
    if (report.using_.empty()) return fail(Code::invalid, "no valid entryPoint for this router");
    if (!internal) FL_TRY_VOID(rules::user_priority(router.priority, router.rule).map([](int64_t) {}));
    if (!router.parent_refs.empty())
      return fail(Code::invalid, "parentRefs (multi-layer routing) are not supported by this version of fairlead yet");
    if (router.tls) return fail(Code::invalid, "routers with tls are not supported by this version of fairlead yet");
    if (router.rule_syntax == "v2")
      return fail(Code::invalid, "ruleSyntax v2 is not supported: write the rule in the v3 syntax");
    if (router.service.empty()) return fail(Code::invalid, "router has no service and no child routers");

    const auto found = before_.find(name);
    const BuiltRouter* before = found == before_.end() ? nullptr : &found->second;
    BuiltRouter built{.configuration = &router, .priority = report.priority};
    if (before != nullptr && before->rule != nullptr && before->rule->text() == router.rule) {
      built.rule = before->rule;
    } else {
      FL_TRY(built.rule, rules::Rule::compile(router.rule));
    }
    FL_TRY(built.chain, middlewares_.expand(router.middlewares));
    for (const std::string& middleware : router.middlewares)
      if (const auto it = report_.middlewares.find(middleware); it != report_.middlewares.end())
        it->second.used_by.push_back(name);
    if (const auto it = report_.services.find(router.service); it != report_.services.end())
      it->second.used_by.push_back(name);
    FL_TRY(built.service, services_.get(router.service));

    if (before != nullptr && *before->configuration == router && before->chain == built.chain &&
        before->service == built.service) {
      built.snapshot = before->snapshot;
    } else {
      auto snapshot = std::make_shared<RouterSnapshot>();
      snapshot->name = name;
      snapshot->service = router.service;
      FL_TRY(snapshot->handler, middlewares_.wrap(built.chain, built.service));
      if (router.from_default_rule)
        snapshot->handler = middleware::make_router_loop(name, std::move(snapshot->handler));
      if (router.observability) {
        snapshot->log = router.observability->access_logs.value_or(true);
        snapshot->count = router.observability->metrics.value_or(true);
      }
      snapshot->internal = provider_of(router.service) == "internal";
      built.snapshot = std::move(snapshot);
    }
    built_.emplace(name, std::move(built));
    return {};
  }

  void all_routers() {
    for (const auto& [name, config] : configuration_.http.routers)
      if (const auto ok = router(name, config); !ok) report_.routers[name].disable(ok.error().message);
  }

  // Highest priority first is the table's business; ties go by the providers' precedence, then by name.
  EntryPointSnapshot entry_point(const std::string& name) const {
    using Entry = std::pair<const std::string, BuiltRouter>;
    std::vector<std::pair<size_t, const Entry*>> order;
    for (const Entry& entry : built_)
      if (std::ranges::find(entry.second.configuration->entry_points, name) !=
          entry.second.configuration->entry_points.end())
        order.emplace_back(precedence(provider_of(entry.first)), &entry);
    std::ranges::sort(order, [](const auto& a, const auto& b) {
      return a.first != b.first ? a.first < b.first : a.second->first < b.second->first;
    });
    EntryPointSnapshot snapshot;
    std::vector<routing::Router> routers;
    routers.reserve(order.size());
    snapshot.routers.reserve(order.size());
    for (const auto& [_, entry] : order) {
      const BuiltRouter& built = entry->second;
      routers.push_back({built.rule, built.priority, static_cast<int>(snapshot.routers.size())});
      snapshot.routers.push_back(built.snapshot);
    }
    snapshot.table = routing::RouterTable(std::move(routers));
    return snapshot;
  }

  std::map<std::string, BuiltRouter, std::less<>> take_built() { return std::move(built_); }

 private:
  size_t precedence(std::string_view provider) const {
    return static_cast<size_t>(std::ranges::find(inputs_.precedence, provider) - inputs_.precedence.begin());
  }

  const BuildInputs& inputs_;
  const Configuration& configuration_;
  RuntimeReport& report_;
  std::map<std::string, BuiltRouter, std::less<>>& before_;
  const MiddlewareResolver& middlewares_;
  ServiceBuilder& services_;
  std::map<std::string, BuiltRouter, std::less<>> built_;
};

}  // namespace

BuildResult SnapshotBuilder::build(std::shared_ptr<const Configuration> configuration,
                                   const std::vector<config::Issue>& issues) {
  auto report = std::make_shared<RuntimeReport>();
  report->configuration = configuration;
  for (const auto& [name, _] : configuration->http.services) report->services[name];
  for (const auto& [name, _] : inputs_.internal_services) report->services[name].type = "internal";
  take_issues(issues, *report);

  const MiddlewareResolver middlewares(*configuration, *report);
  middlewares.check_all();
  secured_->client_tls.begin();
  ServiceBuilder services(inputs_, *configuration, middlewares, secured_->client_tls, *report, memory_->services,
                          memory_->upstreams, memory_->cursors);
  Build build(inputs_, *configuration, *report, memory_->routers, middlewares, services);
  build.all_routers();
  for (const auto& [name, _] : configuration->http.services) (void)services.get(name);  // unused ones are shown too

  auto snapshot = std::make_shared<Snapshot>();
  snapshot->version = ++version_;
  auto secured = secured_->tls.build(configuration->tls, inputs_.clock.wall());
  snapshot->tls = std::move(secured.tls);
  report->tls = std::move(secured.report);
  for (const std::string& name : inputs_.entry_points) snapshot->entry_points.push_back(build.entry_point(name));
  auto retired = std::make_shared<Memory>();
  std::swap(retired->configuration, memory_->configuration);
  std::swap(retired->routers, memory_->routers);
  std::swap(retired->services, memory_->services);
  memory_->configuration = configuration;
  memory_->routers = build.take_built();
  memory_->services = services.take_built();
  std::erase_if(memory_->upstreams, [](const auto& entry) { return entry.second.expired(); });
  std::erase_if(memory_->cursors, [](const auto& entry) { return entry.second.expired(); });
  for (auto& [_, object] : report->middlewares) std::ranges::sort(object.used_by);
  return {std::move(snapshot), std::move(report), std::move(retired)};
}

}  // namespace fl::proxy
