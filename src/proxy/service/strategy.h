// How a balancer chooses among its children (Traefik: strategy). Immutable but for counts that all workers share.
#pragma once

#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "http/exchange.h"
#include "proxy/service/health.h"
#include "proxy/service/server_load.h"
#include "proxy/service/turns.h"

namespace fl::proxy {

// Which children may get a request now.
class Eligible {
 public:
  Eligible(const std::vector<bool>& exists, const std::vector<std::shared_ptr<const Health>>& health, TimePoint now)
      : exists_(exists), health_(health), now_(now) {}
  bool operator()(size_t child) const {
    return exists_[child] && (health_.empty() || health_[child] == nullptr || health_[child]->is_up(now_));
  }

 private:
  const std::vector<bool>& exists_;
  const std::vector<std::shared_ptr<const Health>>& health_;  // empty when no child is checked; null: counts as well
  TimePoint now_;
};

class Strategy {
 public:
  virtual ~Strategy() = default;
  // -> a child that is eligible, by its position; -1 when none is
  virtual int choose(http::Exchange& exchange, const Eligible& eligible) const = 0;
};
using StrategyPtr = std::shared_ptr<const Strategy>;

// Children as strategies see them; one of weight 0 or less is never chosen.
struct Contender {
  std::string name;  // a server's URL, a service's name
  int64_t weight = 1;
};

// wrr: in turn, each in proportion to its weight. `service` decides who begins among equals.
StrategyPtr make_round_robin(std::span<const Contender> children, std::string_view service,
                             std::shared_ptr<const TurnCursor> cursor);
// hrw: a client always the same child, as long as that is there (rendezvous hashing by the client's address).
StrategyPtr make_highest_random_weight(std::span<const Contender> children);
// p2c: of two at random the one with fewer requests under way; weights are not looked at. `loads`: by position.
StrategyPtr make_two_choices(std::span<const Contender> children, std::vector<std::shared_ptr<ServerLoad>> loads);
// leasttime: the one that answers soonest, times its requests under way, by its weight; in turn among equals.
StrategyPtr make_least_time(std::span<const Contender> children, std::vector<std::shared_ptr<ServerLoad>> loads,
                            std::string_view service, std::shared_ptr<const TurnCursor> cursor);

}  // namespace fl::proxy
