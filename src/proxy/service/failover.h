// A service with another that takes its place: while it is down, and for requests it answers with one of the statuses
// listed (Traefik: failover). With statuses the request's body is held, up to a limit beyond which it is refused.
// Immutable, shared by all workers.
#pragma once

#include <cstdint>
#include <memory>
#include <vector>

#include "http/exchange.h"
#include "http/status_range.h"
#include "proxy/service/health.h"

namespace fl::proxy {

class Failover final : public http::Handler {
 public:
  struct Child {
    std::shared_ptr<const http::Handler> handler;
    std::shared_ptr<const Health> health;  // null: counts as well
  };
  struct Options {
    Child service, fallback;
    std::vector<http::StatusRange> statuses;  // of the service's answers; empty: its health alone decides
    uint64_t max_request_body = 0;            // bytes; with statuses only
  };
  explicit Failover(Options options) : options_(std::move(options)) {}

  net::Task<> handle(http::Exchange& exchange) const override;

 private:
  net::Task<> try_service(http::Exchange& exchange) const;
  net::Task<> fall_back(http::Exchange& exchange) const;

  const Options options_;
};

}  // namespace fl::proxy
