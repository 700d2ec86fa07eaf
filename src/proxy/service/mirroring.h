// A service whose requests go to others too, each with its share of them (Traefik: mirroring). A client has its answer
// from the service alone; the copies are made once that has answered, and what becomes of them concerns nobody. The
// body of a request that is copied is held, up to a limit; with a longer one the request goes to the service alone, and
// so do upgrades. Immutable but for its count of requests, which all workers share.
//
// Other than in Traefik the copies do not wait until the client has read the whole answer.
#pragma once

#include <atomic>
#include <cstdint>
#include <memory>
#include <vector>

#include "http/exchange.h"

namespace fl::proxy {

class Mirroring final : public http::Handler {
 public:
  struct Mirror {
    std::shared_ptr<const http::Handler> handler;
    uint64_t percent = 0;
  };
  struct Options {
    std::shared_ptr<const http::Handler> service;
    std::vector<Mirror> mirrors;
    bool mirror_body = true;     // false: copies have none
    uint64_t max_body_size = 0;  // bytes
  };
  explicit Mirroring(Options options) : options_(std::move(options)) {}

  net::Task<> handle(http::Exchange& exchange) const override;

 private:
  // `request`: which it is, from 1.
  bool is_for(const Mirror& mirror, uint64_t request) const;
  net::Task<> mirror(http::Exchange& exchange, uint64_t request) const;

  const Options options_;
  mutable std::atomic<uint64_t> requests_{0};
};

}  // namespace fl::proxy
