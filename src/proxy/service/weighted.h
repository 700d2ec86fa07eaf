// A service made of services, each with its share of the requests, or of the clients (Traefik: weighted,
// highestRandomWeight). Immutable, shared by all workers.
#pragma once

#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "http/exchange.h"
#include "proxy/service/child_picker.h"

namespace fl::proxy {

class Weighted final : public http::Handler {
 public:
  struct Child {
    std::string name;  // "app@file"
    int64_t weight = 1;
    std::shared_ptr<const http::Handler> handler;
    std::shared_ptr<const Health> health = nullptr;  // null: counts as well
  };
  struct Options {
    std::string service;  // "both@file"
    std::vector<Child> children;
    std::optional<config::dynamic::Cookie> sticky;
    StrategyPtr strategy;  // knows the children by the same positions
  };
  explicit Weighted(Options options);

  net::Task<> handle(http::Exchange& exchange) const override;

 private:
  net::Task<> handle_and_set_cookie(http::Exchange& exchange, int child) const;

  const Options options_;
  const ChildPicker picker_;
};

}  // namespace fl::proxy
