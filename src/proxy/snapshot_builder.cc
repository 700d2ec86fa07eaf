#include "proxy/snapshot_builder.h"

#include "proxy/build/client_tls_builder.h"
#include "proxy/build/file_contents.h"
#include "proxy/build/middleware_chain.h"
#include "proxy/build/router_builder.h"
#include "proxy/build/service_builder.h"
#include "proxy/build/tls_builder.h"

namespace fl::proxy {
namespace {

using config::dynamic::Configuration;

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

struct SnapshotBuilder::Secured {
  FileContents files;
  TlsBuilder tls;
  ClientTlsBuilder client_tls{files};
  explicit Secured(const BuildInputs& inputs)
      : tls({.ticket_keys = inputs.ticket_keys, .key_log_file = inputs.key_log_file}, files) {}
};

struct SnapshotBuilder::Memory {
  BuiltMiddlewares middlewares;
  BuiltServices services;
  BuiltRouters routers;
};

SnapshotBuilder::SnapshotBuilder(BuildInputs inputs)
    : inputs_(std::move(inputs)),
      memory_(std::make_unique<Memory>()),
      secured_(std::make_unique<Secured>(inputs_)),
      identities_(std::make_unique<ServiceIdentities>()) {}
SnapshotBuilder::~SnapshotBuilder() = default;

std::set<std::string> SnapshotBuilder::files() const {
  std::set<std::string> all = secured_->tls.files();
  all.insert(secured_->client_tls.files().begin(), secured_->client_tls.files().end());
  return all;
}
void SnapshotBuilder::files_changed() { secured_->files.look_again(); }

BuildResult SnapshotBuilder::build(std::shared_ptr<const Configuration> configuration,
                                   const std::vector<config::Issue>& issues) {
  auto report = std::make_shared<RuntimeReport>();
  report->configuration = configuration;
  take_issues(issues, *report);

  auto made = std::make_unique<Memory>();
  const MiddlewareResolver middlewares(*configuration, *report);
  made->middlewares = middlewares.check_all(memory_->middlewares);
  secured_->client_tls.begin();
  ServiceBuilder services(inputs_, *configuration, middlewares, secured_->client_tls, *report, memory_->services,
                          *identities_);
  services.build_all();
  RouterBuilder routers(inputs_, *report, middlewares, services);
  made->routers = routers.build_all(memory_->routers);
  made->services = services.take_built();

  auto snapshot = std::make_shared<Snapshot>();
  snapshot->version = ++version_;
  auto secured = secured_->tls.build(configuration->tls, inputs_.clock.wall());
  snapshot->tls = std::move(secured.tls);
  report->tls = std::move(secured.report);
  for (const std::string& name : inputs_.entry_points)
    snapshot->entry_points.push_back(routers.entry_point(name, made->routers));
  memory_.swap(made);
  identities_->forget_unused();
  return {.snapshot = std::move(snapshot),
          .report = std::move(report),
          .health_checks = services.take_checks(),
          .retired = std::shared_ptr<const Memory>(std::move(made))};
}

}  // namespace fl::proxy
