// UDP services: which server a client's session goes to (Traefik: udp loadBalancer, weighted). Immutable, shared by all
// workers.
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "proxy/service/turn_taker.h"

namespace fl::proxy::udp {

struct Server {
  std::string host;  // name or literal address, without brackets
  uint16_t port = 0;
  std::string address;  // as configured
  bool operator==(const Server&) const = default;
};

class Service {
 public:
  virtual ~Service() = default;
  // The server whose turn it is; null when there is none.
  virtual const Server* pick(Worker& worker) const = 0;
};
using ServicePtr = std::shared_ptr<const Service>;

class LoadBalancer final : public Service {
 public:
  LoadBalancer(const std::string& name, std::vector<Server> servers, std::shared_ptr<const TurnCursor> cursor)
      : servers_(std::move(servers)), turns_(std::vector<int64_t>(servers_.size(), 1), name, std::move(cursor)) {}

  const Server* pick(Worker& worker) const override {
    const int chosen = turns_.take(worker, [](int) { return true; });
    return chosen < 0 ? nullptr : &servers_[static_cast<size_t>(chosen)];
  }

 private:
  const std::vector<Server> servers_;
  const TurnTaker turns_;
};

class Weighted final : public Service {
 public:
  // Children of weight 0 or less get nothing.
  Weighted(const std::string& name, std::vector<ServicePtr> children, const std::vector<int64_t>& weights,
           std::shared_ptr<const TurnCursor> cursor)
      : children_(std::move(children)), turns_(weights, name, std::move(cursor)) {}

  const Server* pick(Worker& worker) const override {
    const int chosen = turns_.take(worker, [](int) { return true; });
    return chosen < 0 ? nullptr : children_[static_cast<size_t>(chosen)]->pick(worker);
  }

 private:
  const std::vector<ServicePtr> children_;
  const TurnTaker turns_;
};

}  // namespace fl::proxy::udp
