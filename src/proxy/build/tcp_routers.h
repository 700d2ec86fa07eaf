// Builds TCP routers and the tables of them. Main thread; lives for one build.
#pragma once

#include <map>
#include <string>
#include <vector>

#include "proxy/build/tcp_services.h"
#include "proxy/snapshot.h"
#include "proxy/tcp/router_table.h"
#include "tls/server_tls.h"

namespace fl::proxy {

// What is kept of a TCP router from one build to the next.
struct BuiltTcpRouter {
  config::dynamic::TcpRouter configuration;
  std::vector<config::dynamic::TcpMiddleware> middlewares;
  tcp::HandlerPtr service;
  tcp::RouterPtr router;
};
using BuiltTcpRouters = std::map<std::string, BuiltTcpRouter, std::less<>>;

class TcpRouterBuilder {
 public:
  TcpRouterBuilder(const BuildInputs& inputs, const config::dynamic::Configuration& configuration,
                   RuntimeReport& report, const tls::ServerTls& tls, TcpServiceBuilder& services,
                   const BuiltTcpRouters& before)
      : inputs_(inputs),
        configuration_(configuration),
        report_(report),
        tls_(tls),
        services_(services),
        before_(before) {}

  void build_all();
  // The tables of one entry point.
  void fill(const std::string& entry_point, EntryPointSnapshot& snapshot) const;
  BuiltTcpRouters take_built() { return std::move(built_); }

 private:
  void check_middlewares();
  Result<> build(const std::string& name, const config::dynamic::TcpRouter& options);
  Result<std::vector<config::dynamic::TcpMiddleware>> middlewares(const std::vector<std::string>& names) const;

  const BuildInputs& inputs_;
  const config::dynamic::Configuration& configuration_;
  RuntimeReport& report_;
  const tls::ServerTls& tls_;
  TcpServiceBuilder& services_;
  const BuiltTcpRouters& before_;
  BuiltTcpRouters built_;
};

}  // namespace fl::proxy
