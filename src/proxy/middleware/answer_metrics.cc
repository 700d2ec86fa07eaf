#include "proxy/middleware/answer_metrics.h"

#include <algorithm>
#include <bit>

namespace fl::proxy::middleware {
namespace {

constexpr uint64_t kLongest = 3'600'000'000;  // an hour
constexpr int kExactBits = 8;
constexpr size_t kStepsOfPower = 128;

size_t step_of(uint64_t microseconds) {
  const uint64_t value = std::min(microseconds, kLongest);
  const int shift = std::max(0, static_cast<int>(std::bit_width(value)) - kExactBits);
  return static_cast<size_t>(shift) * kStepsOfPower + static_cast<size_t>(value >> shift);
}

// The largest value of a step.
uint64_t value_of(size_t step) {
  if (step < 2 * kStepsOfPower) return step;
  const size_t shift = step / kStepsOfPower - 1;
  return ((step - shift * kStepsOfPower + 1) << shift) - 1;
}

}  // namespace

int64_t AnswerMetrics::second_of(TimePoint now) {
  return std::chrono::floor<std::chrono::seconds>(now.time_since_epoch()).count();
}

void AnswerMetrics::record(uint16_t status, Duration latency, TimePoint now) {
  const int64_t second = second_of(now);
  Statuses& statuses = statuses_[static_cast<size_t>(second) % kStatusSlots];
  if (std::exchange(statuses.at, second) != second) statuses.counts.fill(0);
  if (status >= kFirstStatus && status < kFirstStatus + kStatuses) ++statuses.counts[status - kFirstStatus];

  const int64_t slot = second / 10;
  Latencies& latencies = latencies_[static_cast<size_t>(slot) % kLatencySlots];
  if (std::exchange(latencies.at, slot) != slot) latencies.counts.assign(kSteps, 0);
  const auto microseconds = std::chrono::floor<std::chrono::microseconds>(latency).count();
  ++latencies.counts[step_of(static_cast<uint64_t>(std::max<int64_t>(microseconds, 0)))];
}

void AnswerMetrics::clear() {
  for (Statuses& statuses : statuses_) statuses.at = -1;
  for (Latencies& latencies : latencies_) latencies.at = -1;
}

uint64_t AnswerMetrics::count(double from, double to, TimePoint now) const {
  const int64_t oldest = second_of(now) - static_cast<int64_t>(kStatusSlots) + 1;
  const auto index = [](double status) {
    return static_cast<size_t>(std::clamp(status - kFirstStatus, 0.0, static_cast<double>(kStatuses)));
  };
  uint64_t sum = 0;
  for (const Statuses& statuses : statuses_) {
    if (statuses.at < 0 || statuses.at < oldest) continue;
    for (size_t i = index(from); i < index(to); ++i) sum += statuses.counts[i];
  }
  return sum;
}

double AnswerMetrics::status_ratio(double from, double to, double of_from, double of_to, TimePoint now) const {
  const uint64_t all = count(of_from, of_to, now);
  return all == 0 ? 0 : static_cast<double>(count(from, to, now)) / static_cast<double>(all);
}

double AnswerMetrics::network_error_ratio(TimePoint now) const {
  return status_ratio(502, 503, 0, 600, now) + status_ratio(504, 505, 0, 600, now);
}

Duration AnswerMetrics::latency_at(double percent, TimePoint now) const {
  const int64_t oldest = second_of(now) / 10 - static_cast<int64_t>(kLatencySlots) + 1;
  std::vector<uint64_t> sums(kSteps, 0);
  uint64_t total = 0;
  for (const Latencies& latencies : latencies_) {
    if (latencies.at < 0 || latencies.at < oldest) continue;
    for (size_t i = 0; i < kSteps; ++i) {
      sums[i] += latencies.counts[i];
      total += latencies.counts[i];
    }
  }
  const double wanted = std::clamp(percent, 0.0, 100.0) / 100 * static_cast<double>(total);
  const uint64_t rank = std::max<uint64_t>(1, static_cast<uint64_t>(wanted + 0.5));
  uint64_t seen = 0;
  for (size_t i = 0; i < kSteps; ++i)
    if ((seen += sums[i]) >= rank) return std::chrono::microseconds(value_of(i));
  return 0s;
}

}  // namespace fl::proxy::middleware
