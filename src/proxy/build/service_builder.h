// Builds services, each once a configuration, children before parents. Main thread; lives for one build.
#pragma once

#include <map>
#include <memory>
#include <set>
#include <string>
#include <string_view>
#include <vector>

#include "proxy/build/client_tls_builder.h"
#include "proxy/build/middleware_chain.h"
#include "proxy/service/turns.h"
#include "proxy/snapshot_builder.h"

namespace fl::proxy {

using HandlerPtr = std::shared_ptr<const http::Handler>;

// What is kept of a service from one build to the next.
struct BuiltService {
  config::dynamic::Service configuration;
  TransportSpec transport;           // of a load balancer
  std::vector<HandlerPtr> children;  // of a composite
  MiddlewareList chain;
  HandlerPtr balancer;  // without the service's own middlewares
  HandlerPtr handler;
};

class ServiceBuilder {
 public:
  ServiceBuilder(const BuildInputs& inputs, const config::dynamic::Configuration& configuration,
                 const MiddlewareResolver& middlewares, ClientTlsBuilder& client_tls, RuntimeReport& report,
                 std::map<std::string, BuiltService, std::less<>>& before,
                 std::map<std::string, std::weak_ptr<const UpstreamSpec>>& upstreams,
                 std::map<std::string, std::weak_ptr<const TurnCursor>>& cursors)
      : inputs_(inputs),
        configuration_(configuration),
        middlewares_(middlewares),
        client_tls_(client_tls),
        report_(report),
        before_(before),
        upstreams_(upstreams),
        cursors_(cursors) {}

  // The handler of a service. Errors: it does not exist, is wrong, or needs itself; also in its report.
  Result<HandlerPtr> get(std::string_view name);
  std::map<std::string, BuiltService, std::less<>> take_built() { return std::move(built_); }

 private:
  Result<HandlerPtr> build(std::string_view name, const config::dynamic::Service& service);
  Result<HandlerPtr> build_load_balancer(const std::string& name, const config::dynamic::LoadBalancer& options,
                                         BuiltService& built, const BuiltService* before);
  Result<HandlerPtr> build_weighted(const std::string& name, const config::dynamic::Weighted& options,
                                    BuiltService& built, const BuiltService* before);
  // Of the servers of a load balancer. Errors: it does not exist; what it says of TLS is wrong and a server needs it.
  Result<TransportSpec> transport(const config::dynamic::LoadBalancer& options, ServiceReport& report);
  std::shared_ptr<const UpstreamSpec> upstream(std::string_view url, const TransportSpec& transport, Error& error,
                                               std::string& base_path);
  std::shared_ptr<const TurnCursor> cursor(const std::string& name);

  const BuildInputs& inputs_;
  const config::dynamic::Configuration& configuration_;
  const MiddlewareResolver& middlewares_;
  ClientTlsBuilder& client_tls_;
  RuntimeReport& report_;
  std::map<std::string, BuiltService, std::less<>>& before_;
  std::map<std::string, std::weak_ptr<const UpstreamSpec>>& upstreams_;
  std::map<std::string, std::weak_ptr<const TurnCursor>>& cursors_;

  std::map<std::string, BuiltService, std::less<>> built_;
  std::map<std::string, Error, std::less<>> failed_;
  std::set<std::string, std::less<>> building_;
};

}  // namespace fl::proxy
