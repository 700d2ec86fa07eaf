// Whose turn it is: the order in which a balancer's children are picked, and how far it has got. The order is a table
// made once (earliest deadline first, so that each child comes in proportion to its weight and evenly spread; Traefik:
// wrr). The place in it is one number for all workers, so that two servers alternate whatever core a request came in
// on; a busy worker takes turns in blocks, so that the number is hardly ever contended.
#pragma once

#include <atomic>
#include <cstdint>
#include <memory>
#include <span>
#include <vector>

#include "base/time.h"
#include "proxy/slots.h"

namespace fl::proxy {

// Immutable.
class TurnOrder {
 public:
  // Children of weight 0 or less get no turn. `seed` decides who begins among equals.
  TurnOrder(std::span<const int64_t> weights, uint64_t seed);

  bool empty() const { return order_.empty(); }
  size_t size() const { return order_.size(); }  // of one round
  uint32_t at(uint64_t turn) const { return order_[turn % order_.size()]; }

 private:
  std::vector<uint32_t> order_;
};

// How far a service's turns have got, kept while its configuration changes. Shared by all workers.
struct TurnCursor {
  explicit TurnCursor(std::shared_ptr<SlotTable> slots) : slot(std::move(slots)) {}
  const Slot slot;  // of each worker's TurnLease
  alignas(64) mutable std::atomic<uint64_t> next{0};
};

// Turns that one worker has taken but not used. Worker thread.
class TurnLease {
 public:
  // `now` is the loop's time, which tells requests of one turn of the loop from others.
  uint64_t take(const TurnCursor& cursor, TimePoint now) {
    if (next_ == end_) renew(cursor, now);
    return next_++;
  }

 private:
  static constexpr int kBusy = 16;  // requests of one turn of the loop
  static constexpr uint64_t kBlock = 32;

  void renew(const TurnCursor& cursor, TimePoint now) {
    single_ = now == at_ ? single_ + 1 : 0;
    at_ = now;
    const uint64_t size = single_ < kBusy ? 1 : kBlock;
    next_ = cursor.next.fetch_add(size, std::memory_order_relaxed);
    end_ = next_ + size;
  }

  uint64_t next_ = 0, end_ = 0;
  TimePoint at_{};
  int single_ = 0;
};

}  // namespace fl::proxy
