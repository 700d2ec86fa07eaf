// What is to be done at a time of day: a queue with one timer for its head. Each key stands in it once. Loop thread.
#pragma once

#include <algorithm>
#include <functional>
#include <map>
#include <set>
#include <utility>

#include "base/time.h"
#include "net/loop.h"

namespace fl::control::runner {

template <class Key>
class DueQueue {
 public:
  DueQueue(net::Loop& loop, std::function<void(const Key&)> on_due)
      : loop_(loop), on_due_(std::move(on_due)), timer_(*this) {}

  void set(const Key& key, WallTime when) {
    erase(key);
    times_[key] = when;
    queue_.emplace(when, key);
    arm();
  }
  void erase(const Key& key) {
    const auto found = times_.find(key);
    if (found == times_.end()) return;
    queue_.erase({found->second, key});
    times_.erase(found);
  }
  size_t size() const { return times_.size(); }

 private:
  // Looked at this often though nothing is due, as the wall clock may be set.
  static constexpr Duration kMostSleep = 60s;

  void arm() {
    if (queue_.empty()) return timer_.cancel();
    const Duration wait = std::clamp<Duration>(queue_.begin()->first - loop_.wall(), 0s, kMostSleep);
    loop_.timers().set(timer_, loop_.now() + wait);
  }
  void run() {
    const WallTime now = loop_.wall();
    while (!queue_.empty() && queue_.begin()->first <= now) {
      const Key key = queue_.begin()->second;
      erase(key);
      on_due_(key);
    }
    arm();
  }

  struct HeadTimer : net::Timer {
    DueQueue& queue;
    explicit HeadTimer(DueQueue& q)
        : net::Timer([](net::Timer& t) { static_cast<HeadTimer&>(t).queue.run(); }), queue(q) {}
  };

  net::Loop& loop_;
  std::function<void(const Key&)> on_due_;
  std::map<Key, WallTime> times_;
  std::set<std::pair<WallTime, Key>> queue_;
  HeadTimer timer_;
};

}  // namespace fl::control::runner
