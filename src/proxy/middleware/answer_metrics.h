// What a service's answers were like lately: statuses of the last 10 s, latencies of the last minute. One thread at a
// time; its owner locks. Source: Traefik, CircuitBreaker (its metrics have the same windows and precision).
#pragma once

#include <array>
#include <cstdint>
#include <vector>

#include "base/time.h"

namespace fl::proxy::middleware {

class AnswerMetrics {
 public:
  void record(uint16_t status, Duration latency, TimePoint now);
  void clear();

  // Share of 502 and 504 among all answers; 0 without any.
  double network_error_ratio(TimePoint now) const;
  // Answers with a status in [from, to) as a share of those in [of_from, of_to); 0 without any of the latter.
  double status_ratio(double from, double to, double of_from, double of_to, TimePoint now) const;
  // The latency that `percent` of the answers keep, to two digits; 0 without any answer.
  Duration latency_at(double percent, TimePoint now) const;

 private:
  static constexpr size_t kStatusSlots = 10;  // of 1 s
  static constexpr size_t kLatencySlots = 6;  // of 10 s
  static constexpr uint16_t kFirstStatus = 100, kStatuses = 500;
  // Microseconds up to an hour; exact below 256, then 128 steps for each power of two.
  static constexpr size_t kSteps = 3328;

  struct Statuses {
    int64_t at = -1;  // which slot of time it counts for
    std::array<uint32_t, kStatuses> counts{};
  };
  struct Latencies {
    int64_t at = -1;
    std::vector<uint32_t> counts;  // empty until it is used
  };

  static int64_t second_of(TimePoint now);
  uint64_t count(double from, double to, TimePoint now) const;

  std::array<Statuses, kStatusSlots> statuses_;
  std::array<Latencies, kLatencySlots> latencies_;
};

}  // namespace fl::proxy::middleware
