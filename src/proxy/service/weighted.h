// A service made of services, each with its share of the requests (Traefik: weighted). Immutable; the cursor is each
// worker's own.
#pragma once

#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "http/exchange.h"
#include "proxy/service/balancer_state.h"
#include "proxy/service/sticky.h"
#include "proxy/slots.h"

namespace fl::proxy {

class Weighted final : public http::Handler {
 public:
  struct Child {
    std::string name;  // "app@file"
    double weight = 1;
    std::shared_ptr<const http::Handler> handler;
  };
  struct Options {
    std::string service;
    std::vector<Child> children;
    std::optional<config::dynamic::Cookie> sticky;
    std::shared_ptr<const Slot> slot;
    uint64_t version = 0;
  };
  explicit Weighted(Options options);

  net::Task<> handle(http::Exchange& exchange) const override;

 private:
  net::Task<> handle_sticky(http::Exchange& exchange) const;
  int next(http::Exchange& exchange) const;

  const Options options_;
  std::vector<BalancerChild> children_;
  std::optional<Sticky> sticky_;
};

}  // namespace fl::proxy
