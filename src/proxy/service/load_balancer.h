// A service with servers: picks one for each request and forwards to it (Traefik: loadBalancer). Immutable, shared by
// all workers.
#pragma once

#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "http/exchange.h"
#include "proxy/service/child_picker.h"
#include "proxy/service/passive_check.h"
#include "proxy/upstream_spec.h"

namespace fl::proxy {

struct ServerTarget {
  std::shared_ptr<const UpstreamSpec> upstream;
  std::string url;        // as configured, for logs and the API
  std::string base_path;  // put in front of the request's path when preservePath asks for it; no trailing slash
  bool exists = true;     // its weight says so
  std::shared_ptr<ServerHealth> health = nullptr;   // null: not checked
  std::shared_ptr<PassiveCheck> passive = nullptr;  // null: answers do not count
  std::shared_ptr<ServerLoad> load = nullptr;       // null: the strategy does not ask for it
};

class LoadBalancer final : public http::Handler {
 public:
  struct Options {
    std::string service;  // "app@file"
    std::vector<ServerTarget> servers;
    std::optional<config::dynamic::Cookie> sticky;
    bool pass_host_header = true;
    StrategyPtr strategy;  // knows the servers by the same positions
  };
  explicit LoadBalancer(Options options);

  net::Task<> handle(http::Exchange& exchange) const override;

 private:
  net::Task<> forward_to(http::Exchange& exchange, int server) const;
  net::Task<> forward_and_judge(http::Exchange& exchange, const ServerTarget& server) const;
  net::Task<> forward_and_count(http::Exchange& exchange, const ServerTarget& server) const;
  net::Task<> forward_and_set_cookie(http::Exchange& exchange, int server) const;

  const Options options_;
  const ChildPicker picker_;
};

}  // namespace fl::proxy
