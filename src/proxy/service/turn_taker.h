// The turns of a balancer whose children may be down: whose turn it is among those that can serve. Immutable, shared by
// all workers.
#pragma once

#include <cstdint>
#include <memory>
#include <span>
#include <string_view>
#include <utility>

#include "base/crypto.h"
#include "proxy/service/turns.h"
#include "proxy/worker.h"

namespace fl::proxy {

class TurnTaker {
 public:
  // `name` is the balancer's: it decides who begins among equals.
  TurnTaker(std::span<const int64_t> weights, std::string_view name, std::shared_ptr<const TurnCursor> cursor)
      : order_(weights, fnv1a64(name)), children_(static_cast<int>(weights.size())), cursor_(std::move(cursor)) {}

  // The child's position, or -1 when none can serve. `can_serve(position)` is asked a few times at most for each child.
  template <class CanServe>
  int take(Worker& worker, CanServe can_serve) const {
    if (order_.empty()) return -1;
    TurnLease& lease = worker.lease(cursor_->slot.number());
    for (int tries = 0; tries < children_; ++tries) {
      const auto child = static_cast<int>(order_.at(lease.take(*cursor_, worker.loop().now())));
      if (can_serve(child)) return child;
    }
    // Turns that others took in between may have hidden the one that can.
    for (uint64_t turn = 0; turn < order_.size(); ++turn)
      if (const auto child = static_cast<int>(order_.at(turn)); can_serve(child)) return child;
    return -1;
  }

 private:
  TurnOrder order_;
  int children_;
  std::shared_ptr<const TurnCursor> cursor_;
};

}  // namespace fl::proxy
