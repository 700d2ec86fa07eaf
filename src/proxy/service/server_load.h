// What a server has to do: requests under way and how soon it has answered lately, over all workers. Kept through
// configurations, by service and server. Any thread.
#pragma once

#include <algorithm>
#include <array>
#include <atomic>
#include <cstdint>

#include "base/time.h"

namespace fl::proxy {

class ServerLoad {
 public:
  void begin() { in_flight_.fetch_add(1, std::memory_order_relaxed); }
  void end() { in_flight_.fetch_sub(1, std::memory_order_relaxed); }
  int64_t in_flight() const { return in_flight_.load(std::memory_order_relaxed); }

  // From the request to the answer's head.
  void answered(Duration after) {
    const int64_t now = after / 1ms;  // as Traefik counts: servers that differ by less are equal
    const uint64_t n = count_.fetch_add(1, std::memory_order_relaxed);
    const int64_t before = times_[n % kSamples].exchange(now, std::memory_order_relaxed);
    sum_.fetch_add(now - before, std::memory_order_relaxed);
  }
  // Of the last hundred answers, in milliseconds; 0 before the first.
  double mean_time() const {
    const uint64_t n = std::min<uint64_t>(count_.load(std::memory_order_relaxed), kSamples);
    return n == 0 ? 0 : static_cast<double>(sum_.load(std::memory_order_relaxed)) / static_cast<double>(n);
  }

 private:
  static constexpr size_t kSamples = 100;

  std::atomic<int64_t> in_flight_{0};
  std::array<std::atomic<int64_t>, kSamples> times_{};
  std::atomic<uint64_t> count_{0};
  std::atomic<int64_t> sum_{0};
};

}  // namespace fl::proxy
