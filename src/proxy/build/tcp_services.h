// Builds TCP services, each once a configuration, children before parents. Main thread; lives for one build.
#pragma once

#include <map>
#include <memory>
#include <set>
#include <string>
#include <string_view>
#include <vector>

#include "proxy/build/client_tls_builder.h"
#include "proxy/build/service_builder.h"
#include "proxy/health_checker.h"
#include "proxy/snapshot_builder.h"
#include "proxy/tcp/handler.h"
#include "proxy/tcp/transport.h"

namespace fl::proxy {

// What is kept of a TCP service from one build to the next.
struct BuiltTcpService {
  config::dynamic::TcpService configuration;
  std::shared_ptr<const tcp::Transport> transport;  // of a load balancer
  std::vector<tcp::HandlerPtr> children;            // of a weighted service
  std::shared_ptr<const HealthCheck> health_check;
  std::vector<CheckedServer> servers;
  std::vector<std::string> warnings;  // about servers that are left out
  tcp::HandlerPtr handler;
};
using BuiltTcpServices = std::map<std::string, BuiltTcpService, std::less<>>;

class TcpServiceBuilder {
 public:
  TcpServiceBuilder(const BuildInputs& inputs, const config::dynamic::Configuration& configuration,
                    RuntimeReport& report, ClientTlsBuilder& client_tls, ServiceIdentities& identities,
                    const BuiltTcpServices& before)
      : inputs_(inputs),
        configuration_(configuration),
        report_(report),
        client_tls_(client_tls),
        identities_(identities),
        before_(before) {}

  // The handler of a service. Errors: it does not exist, is wrong, or needs itself; also in its report.
  Result<tcp::HandlerPtr> get(std::string_view name);
  void build_all();
  // Those of all services that could be built.
  void add_checks(HealthChecks& checks) const;
  BuiltTcpServices take_built() { return std::move(built_); }

 private:
  using TransportPtr = std::shared_ptr<const tcp::Transport>;

  Result<tcp::HandlerPtr> build(const std::string& name, const config::dynamic::TcpService& service);
  Result<tcp::HandlerPtr> build_load_balancer(const std::string& name, const config::dynamic::TcpLoadBalancer& options,
                                              BuiltTcpService& built, const BuiltTcpService* before);
  Result<tcp::HandlerPtr> build_weighted(const std::string& name, const config::dynamic::TcpWeighted& options,
                                         BuiltTcpService& built, const BuiltTcpService* before);
  std::shared_ptr<ServerHealth> kept_health(const std::string& service, const std::string& address);
  Result<TransportPtr> transport(const config::dynamic::TcpLoadBalancer& options, ServiceReport& report);
  Result<tcp::Transport> named_transport(std::string_view name, bool with_tls, ServiceReport& report);

  const BuildInputs& inputs_;
  const config::dynamic::Configuration& configuration_;
  RuntimeReport& report_;
  ClientTlsBuilder& client_tls_;
  ServiceIdentities& identities_;
  const BuiltTcpServices& before_;

  BuiltTcpServices built_;
  std::map<std::string, Error, std::less<>> failed_;
  std::set<std::string, std::less<>> building_;
};

}  // namespace fl::proxy
