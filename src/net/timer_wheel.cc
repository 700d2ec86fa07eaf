#include "net/timer_wheel.h"

#include <bit>

#include "base/check.h"

namespace fl::net {
namespace {
constexpr Duration kTick = 1ms;
}

void Timer::cancel() {
  if (next == nullptr) return;
  prev->next = next;
  next->prev = prev;
  prev = next = nullptr;
}

TimerWheel::TimerWheel(TimePoint start) : start_(start) {
  for (auto& level : slots_)
    for (TimerLink& head : level) head.prev = head.next = &head;
}

TimerWheel::~TimerWheel() {
  for (auto& level : slots_)
    for (TimerLink& head : level)
      while (head.next != &head) static_cast<Timer*>(head.next)->cancel();
}

uint64_t TimerWheel::to_tick(TimePoint t) const {
  if (t <= start_) return 0;
  const Duration since = t - start_;  // TimePoint::max() must not overflow
  return static_cast<uint64_t>(since / kTick) + (since % kTick != Duration(0) ? 1 : 0);
}

void TimerWheel::set(Timer& timer, TimePoint deadline) {
  timer.cancel();
  timer.deadline_ = deadline;
  timer.tick_ = to_tick(deadline);
  insert(timer);
}

// The level is that of the highest bit in which the timer's tick differs from now's: below it, both share a block.
void TimerWheel::insert(Timer& timer) {
  const uint64_t tick = std::max(timer.tick_, now_tick_ + 1);
  const uint64_t differs = tick ^ now_tick_;
  int level = static_cast<int>(std::bit_width(differs) - 1) / kBits;
  uint64_t slot = 0;
  if (level >= kLevels) {
    // The top level is a ring. Beyond its range: parked in the slot visited last, and put in again from there.
    level = kLevels - 1;
    const int shift = kBits * level;
    slot = std::min(tick >> shift, (now_tick_ >> shift) + kSlots - 1) & (kSlots - 1);
  } else {
    slot = (tick >> (kBits * level)) & (kSlots - 1);
  }
  add(timer, static_cast<size_t>(level), slot);
}

void TimerWheel::add(Timer& timer, size_t level, uint64_t slot) {
  TimerLink& head = slots_[level][slot];
  timer.prev = head.prev;
  timer.next = &head;
  head.prev->next = &timer;
  head.prev = &timer;
  occupied_[level] |= 1ULL << slot;
}

void TimerWheel::advance(TimePoint now) {
  const uint64_t target = now <= start_ ? 0 : static_cast<uint64_t>((now - start_) / kTick);
  while (now_tick_ < target) {
    now_tick_ = std::min(next_tick(), target);

    // A block boundary: entries of the higher levels whose block begins here come down.
    for (int level = 1; level < kLevels; ++level) {
      if ((now_tick_ & ((1ULL << (kBits * level)) - 1)) != 0) break;
      const uint64_t slot = (now_tick_ >> (kBits * level)) & (kSlots - 1);
      const auto l = static_cast<size_t>(level);
      if ((occupied_[l] & (1ULL << slot)) == 0) continue;
      occupied_[l] &= ~(1ULL << slot);
      TimerLink& head = slots_[l][slot];
      TimerLink moved;  // take the whole list first: insert() may put an entry back into this very slot
      if (head.next == &head) continue;
      moved.next = head.next;
      moved.prev = head.prev;
      moved.next->prev = moved.prev->next = &moved;
      head.prev = head.next = &head;
      while (moved.next != &moved) {
        auto& timer = static_cast<Timer&>(*moved.next);
        timer.cancel();
        if (timer.tick_ <= now_tick_) {
          add(timer, 0, now_tick_ & (kSlots - 1));
        } else {
          insert(timer);
        }
      }
    }

    const uint64_t slot = now_tick_ & (kSlots - 1);
    if ((occupied_[0] & (1ULL << slot)) == 0) continue;
    occupied_[0] &= ~(1ULL << slot);
    TimerLink& head = slots_[0][slot];
    while (head.next != &head) {
      auto& timer = static_cast<Timer&>(*head.next);
      timer.cancel();
      timer.callback_(timer);  // may set or destroy any timer, itself included
    }
  }
}

std::optional<TimePoint> TimerWheel::next() const {
  const uint64_t tick = next_tick();
  if (tick == kNoTick) return std::nullopt;
  return start_ + kTick * static_cast<int64_t>(tick);
}

uint64_t TimerWheel::next_tick() const {
  for (int level = 0; level < kLevels; ++level) {
    const auto l = static_cast<size_t>(level);
    const int shift = kBits * level;
    const uint64_t position = (now_tick_ >> shift) & (kSlots - 1);
    while (occupied_[l] != 0) {
      // Slots ahead of the position in this turn; at the top level also those of the next turn.
      const uint64_t rotated = std::rotr(occupied_[l], static_cast<int>((position + 1) & (kSlots - 1)));
      const auto distance = static_cast<uint64_t>(std::countr_zero(rotated)) + 1;
      const uint64_t slot = (position + distance) & (kSlots - 1);
      const TimerLink& head = slots_[l][slot];
      if (head.next == &head) {
        occupied_[l] &= ~(1ULL << slot);
        continue;
      }
      return ((now_tick_ >> shift) + distance) << shift;
    }
  }
  return kNoTick;
}

}  // namespace fl::net
