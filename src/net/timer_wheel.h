// Timers of one loop: a hierarchical hashed wheel (6 levels of 64 slots, 1 ms resolution, about 2 years of range).
// Setting and cancelling are O(1) list operations; an entry moves down a level at most five times. Loop thread only.
#pragma once

#include <array>
#include <cstdint>
#include <optional>

#include "base/time.h"

namespace fl::net {

struct TimerLink {
  TimerLink* prev = nullptr;
  TimerLink* next = nullptr;
};

// Intrusive entry: embed it, set it on a wheel, be called once at or after the deadline. Destruction cancels.
class Timer : private TimerLink {
 public:
  using Callback = void (*)(Timer&);

  explicit Timer(Callback callback) : callback_(callback) {}
  Timer(const Timer&) = delete;
  Timer& operator=(const Timer&) = delete;
  ~Timer() { cancel(); }

  bool armed() const { return next != nullptr; }
  TimePoint deadline() const { return deadline_; }
  void cancel();

 private:
  friend class TimerWheel;
  Callback callback_;
  TimePoint deadline_{};
  uint64_t tick_ = 0;
};

class TimerWheel {
 public:
  explicit TimerWheel(TimePoint start);
  ~TimerWheel();

  // Arms or re-arms.
  void set(Timer& timer, TimePoint deadline);
  // Calls every timer whose deadline is not after `now`.
  void advance(TimePoint now);
  // When advance() should be called next at the latest; nullopt when no timer is armed. Never late, may be early.
  std::optional<TimePoint> next() const;

 private:
  static constexpr int kLevels = 6;
  static constexpr int kBits = 6;
  static constexpr uint64_t kSlots = 1 << kBits;
  static constexpr uint64_t kNoTick = ~uint64_t{0};

  void insert(Timer& timer);
  void add(Timer& timer, size_t level, uint64_t slot);
  uint64_t to_tick(TimePoint t) const;  // rounded up
  uint64_t next_tick() const;           // when something is to be done: a timer, or timers that come down a level

  TimePoint start_;
  uint64_t now_tick_ = 0;
  // Occupied bits are hints: cancel() does not clear them, the next look does.
  mutable std::array<uint64_t, kLevels> occupied_{};
  std::array<std::array<TimerLink, kSlots>, kLevels> slots_;  // list heads
};

}  // namespace fl::net
