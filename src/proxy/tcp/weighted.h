// A TCP service made of services, each with its share of the connections (Traefik: tcp weighted). Immutable, shared by
// all workers.
#pragma once

#include <memory>
#include <string>
#include <vector>

#include "proxy/service/turn_taker.h"
#include "proxy/tcp/handler.h"

namespace fl::proxy::tcp {

class Weighted final : public Handler {
 public:
  struct Child {
    HandlerPtr handler;
    int64_t weight = 1;  // 0 or less: never
  };
  struct Options {
    std::string service;
    std::vector<Child> children;
    bool health_check = false;  // the children's state decides, and is passed upwards
    std::shared_ptr<const TurnCursor> cursor;
  };
  explicit Weighted(Options options);

  net::Task<> handle(Connection& connection) const override;
  bool is_up(TimePoint now) const override;

 private:
  const Options options_;
  const TurnTaker turns_;
};

}  // namespace fl::proxy::tcp
