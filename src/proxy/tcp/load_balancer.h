// A TCP service with servers: picks one for each connection and ties the two together (Traefik: tcp loadBalancer).
// Immutable but for when it complained last, shared by all workers.
#pragma once

#include <atomic>
#include <memory>
#include <string>
#include <vector>

#include "proxy/service/health.h"
#include "proxy/service/turn_taker.h"
#include "proxy/tcp/handler.h"
#include "proxy/tcp/transport.h"

namespace fl::proxy::tcp {

class LoadBalancer final : public Handler {
 public:
  struct Options {
    std::string service;  // "db@file"
    std::vector<Server> servers;
    std::vector<std::shared_ptr<const ServerHealth>> health;  // beside the servers; empty without a health check
    std::shared_ptr<const Transport> transport;
    std::shared_ptr<const TurnCursor> cursor;  // of the service, kept through configurations
  };
  explicit LoadBalancer(Options options);

  net::Task<> handle(Connection& connection) const override;
  bool is_up(TimePoint now) const override;

 private:
  bool can_serve(size_t server, TimePoint now) const;
  // One line a second: a service whose servers are gone fails every connection.
  void complain(const std::string& why) const;

  const Options options_;
  const TurnTaker turns_;
  mutable std::atomic<TimePoint> next_complaint_{TimePoint{}};
};

}  // namespace fl::proxy::tcp
