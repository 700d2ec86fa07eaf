// Builds services, each once a configuration, children before parents. Main thread; lives for one build.
#pragma once

#include <map>
#include <memory>
#include <optional>
#include <set>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "proxy/build/client_tls_builder.h"
#include "proxy/build/middleware_chain.h"
#include "proxy/build/router_parts.h"
#include "proxy/health_checker.h"
#include "proxy/service/load_balancer.h"
#include "proxy/snapshot_builder.h"

namespace fl::proxy {

using ServiceEntry = config::Objects<config::dynamic::Service>::EntryPtr;

// What is kept of a service from one build to the next.
struct BuiltService {
  ServiceEntry configuration;
  config::Objects<ServiceReport>::EntryPtr report;
  bool has_issues = false;  // the report tells of mistakes in the text, too
  TransportSpec transport;  // of a load balancer
  std::string transport_warning;
  std::vector<HandlerPtr> children;  // of a composite
  MiddlewareList chain;
  std::shared_ptr<const HealthCheck> check;  // of a load balancer that is checked actively
  std::shared_ptr<const Health> health;      // null: it counts as well
  HandlerPtr balancer;                       // without the service's own middlewares
  HandlerPtr handler;                        // null: it cannot serve,
  Error error;                               // and why
};
// By name, which is the configuration's.
using BuiltServices = std::unordered_map<std::string_view, std::shared_ptr<const BuiltService>>;

// What lives on through configurations as long as somebody uses it.
struct ServiceIdentities {
  std::map<std::string, std::weak_ptr<const UpstreamSpec>> upstreams;
  CursorMap cursors;                                           // by service
  CursorMap tcp_cursors, udp_cursors;                          // likewise
  std::map<std::string, std::weak_ptr<ServerHealth>> healths;  // by service and server
  std::map<std::string, std::weak_ptr<ServerLoad>> loads;      // likewise
  void forget_unused();
};

class ServiceBuilder final : public middleware::TargetSource {
 public:
  ServiceBuilder(const BuildInputs& inputs, const config::dynamic::Configuration& configuration,
                 const MiddlewareResolver& middlewares, ClientTlsBuilder& client_tls, RuntimeReport& report,
                 const BuiltServices& before, ServiceIdentities& identities)
      : inputs_(inputs),
        configuration_(configuration),
        middlewares_(middlewares),
        client_tls_(client_tls),
        report_(report),
        before_(before),
        identities_(identities) {}

  // All services of the configuration, with their reports.
  void build_all();
  // The handler of a service. Errors: it does not exist, is wrong, or needs itself.
  Result<HandlerPtr> get(std::string_view name) override;
  Result<std::shared_ptr<const UpstreamSpec>> get(const middleware::OwnServer& server) override;
  BuiltServices take_built() { return std::move(built_); }
  // Those of all services, after build_all().
  HealthChecks take_checks() { return std::move(checks_); }

 private:
  struct Transport {
    config::dynamic::ServersTransport options;
    TransportSpec plain;
    std::optional<TransportSpec> secure;  // once a server needs it
    std::string warning;                  // about its TLS
  };

  Result<HandlerPtr> get(const ServiceEntry& entry);
  std::shared_ptr<const BuiltService> make(const ServiceEntry& entry,
                                           const std::shared_ptr<const BuiltService>& before);
  // Sets the handler; the report is to be filled in.
  Result<> build(BuiltService& built, ServiceReport& report, const BuiltService* before);
  // What a service leads to is what it led to before.
  bool leads_to_the_same(const config::dynamic::Service& service, const BuiltService& before);
  Result<HandlerPtr> build_load_balancer(const std::string& name, const config::dynamic::LoadBalancer& options,
                                         BuiltService& built, ServiceReport& report, const BuiltService* before);
  // Of one made of others, whose handlers are in built.children already.
  Result<HandlerPtr> build_composite(const std::string& name, const config::dynamic::Service& service,
                                     BuiltService& built, const BuiltService* before);
  // Errors: nobody checks it.
  Result<std::shared_ptr<const Health>> health_of_child(const std::string& child, const std::string& parent) const;
  struct ChosenTransport {
    const TransportSpec* spec;
    std::string_view warning;  // about its TLS; empty: all is well
  };
  // What connects to the servers of a load balancer, for https ones when `secure`. Errors: it does not exist; what it
  // says of TLS is wrong and a server needs it.
  Result<ChosenTransport> transport(const config::dynamic::LoadBalancer& options, bool secure);
  Result<> make_secure(Transport& transport);
  std::shared_ptr<const UpstreamSpec> upstream(std::string_view url, const TransportSpec& transport, Error& error,
                                               std::string& base_path);
  std::shared_ptr<const TurnCursor> cursor(const std::string& name);
  std::shared_ptr<ServerHealth> health(const std::string& service, const std::string& server);
  std::shared_ptr<ServerLoad> load(const std::string& service, const std::string& server);
  StrategyPtr strategy(const std::string& service, const config::dynamic::LoadBalancer& options,
                       const std::vector<ServerTarget>& servers);
  // Sets built.check when the load balancer has one.
  Result<> build_check(const std::string& name, const config::dynamic::LoadBalancer& options, BuiltService& built,
                       ServiceReport& report);

  const BuildInputs& inputs_;
  const config::dynamic::Configuration& configuration_;
  const MiddlewareResolver& middlewares_;
  ClientTlsBuilder& client_tls_;
  RuntimeReport& report_;
  const BuiltServices& before_;
  ServiceIdentities& identities_;

  BuiltServices built_;
  HealthChecks checks_;
  std::map<std::string, Transport, std::less<>> transports_;
  std::set<std::string, std::less<>> building_;
};

}  // namespace fl::proxy
