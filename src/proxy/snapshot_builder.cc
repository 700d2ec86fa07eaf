#include "proxy/snapshot_builder.h"

#include "proxy/build/client_tls_builder.h"
#include "proxy/build/file_contents.h"
#include "proxy/build/middleware_chain.h"
#include "proxy/build/router_builder.h"
#include "proxy/build/service_builder.h"
#include "proxy/build/tcp_routers.h"
#include "proxy/build/tcp_services.h"
#include "proxy/build/tls_builder.h"
#include "proxy/build/udp_builder.h"

namespace fl::proxy {
namespace {

using config::dynamic::Configuration;

// The report of an object by the kind it is decoded as; null for kinds that have none.
ObjectReport* report_of(RuntimeReport& report, std::string_view kind, const std::string& name) {
  if (kind == "http.routers") return &report.routers[name];
  if (kind == "http.services") return &report.services[name];
  if (kind == "http.middlewares") return &report.middlewares[name];
  if (kind == "tcp.routers") return &report.tcp.routers[name];
  if (kind == "tcp.services") return &report.tcp.services[name];
  if (kind == "tcp.middlewares") return &report.tcp.middlewares[name];
  if (kind == "udp.routers") return &report.udp.routers[name];
  if (kind == "udp.services") return &report.udp.services[name];
  return nullptr;
}

// Errors that decoding found become the errors of the object they were found in.
void take_issues(const std::vector<config::Issue>& issues, RuntimeReport& report) {
  for (const config::Issue& issue : issues) {
    if (issue.object.empty()) continue;
    ObjectReport* object = report_of(report, issue.kind, issue.object);
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
      : tls({.ticket_keys = inputs.ticket_keys, .key_log_file = inputs.key_log_file, .kernel_tls = inputs.kernel_tls},
            files) {}
};

struct SnapshotBuilder::Memory {
  BuiltMiddlewares middlewares;
  BuiltServices services;
  BuiltRouters routers;
  BuiltTcpServices tcp_services;
  BuiltTcpRouters tcp_routers;
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
  auto snapshot = std::make_shared<Snapshot>();
  snapshot->version = ++version_;
  auto secured = secured_->tls.build(configuration->tls, inputs_.clock.wall());
  snapshot->tls = std::move(secured.tls);
  report->tls = std::move(secured.report);

  auto made = std::make_unique<Memory>();
  const MiddlewareResolver middlewares(*configuration, *report);
  made->middlewares = middlewares.check_all(memory_->middlewares);
  secured_->client_tls.begin();
  ServiceBuilder services(inputs_, *configuration, middlewares, secured_->client_tls, *report, memory_->services,
                          *identities_);
  services.build_all();
  RouterBuilder routers(inputs_, *report, middlewares, services, *snapshot->tls);
  made->routers = routers.build_all(memory_->routers);
  made->services = services.take_built();

  TcpServiceBuilder tcp_services(inputs_, *configuration, *report, secured_->client_tls, *identities_,
                                 memory_->tcp_services);
  tcp_services.build_all();
  TcpRouterBuilder tcp_routers(inputs_, *configuration, *report, *snapshot->tls, tcp_services, memory_->tcp_routers);
  tcp_routers.build_all();
  HealthChecks health_checks = services.take_checks();
  tcp_services.add_checks(health_checks);
  made->tcp_services = tcp_services.take_built();
  for (const std::string& name : inputs_.entry_points) {
    EntryPointSnapshot& entry_point = snapshot->entry_points.emplace_back();
    routers.fill(name, made->routers, entry_point);
    tcp_routers.fill(name, entry_point);
  }
  made->tcp_routers = tcp_routers.take_built();
  snapshot->udp_entry_points = UdpBuilder(inputs_, *configuration, *report, *identities_).build_all();
  memory_.swap(made);
  identities_->forget_unused();
  return {.snapshot = std::move(snapshot),
          .report = std::move(report),
          .health_checks = std::move(health_checks),
          .retired = std::shared_ptr<const Memory>(std::move(made))};
}

}  // namespace fl::proxy
