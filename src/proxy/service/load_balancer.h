// A service with servers: picks one for each request and forwards to it (Traefik: loadBalancer). Immutable, shared by
// all workers; its cursor is each worker's own.
#pragma once

#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "http/exchange.h"
#include "proxy/forward/forward.h"
#include "proxy/service/balancer_state.h"
#include "proxy/service/sticky.h"
#include "proxy/slots.h"
#include "proxy/upstream_spec.h"

namespace fl::proxy {

struct ServerTarget {
  std::shared_ptr<const UpstreamSpec> upstream;
  std::string url;        // as configured, for logs and the API
  std::string base_path;  // put in front of the request's path when preservePath asks for it; no trailing slash
  double weight = 1;
  bool fenced = false;    // only reachable by its sticky cookie
};

class LoadBalancer final : public http::Handler {
 public:
  struct Options {
    std::string service;  // "app@file"
    std::vector<ServerTarget> servers;
    std::optional<config::dynamic::Cookie> sticky;
    bool pass_host_header = true;
    std::shared_ptr<const Slot> slot;  // of the service, kept through configurations
    uint64_t version = 0;              // differs from every other balancer's that had the slot
  };
  explicit LoadBalancer(Options options);

  net::Task<> handle(http::Exchange& exchange) const override;

 private:
  net::Task<> handle_sticky(http::Exchange& exchange) const;
  net::Task<> forward_to(http::Exchange& exchange, const ServerTarget& server) const;
  BalancerState& state(http::Exchange& exchange) const;

  const Options options_;
  std::vector<BalancerChild> children_;
  std::optional<Sticky> sticky_;
};

}  // namespace fl::proxy
