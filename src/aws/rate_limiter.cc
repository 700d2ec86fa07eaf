#include "aws/rate_limiter.h"

#include <algorithm>

namespace fl::aws {
namespace {

constexpr double kMinRate = 0.5;
constexpr double kNoLimitRate = 50;  // above this AWS's own limits are not in sight
constexpr double kDecrease = 0.7;
constexpr double kIncreasePerSecond = 0.5;
constexpr Duration kWindow = 500ms;

double seconds(Duration d) { return std::chrono::duration<double>(d).count(); }

}  // namespace

void RateLimiter::measure(TimePoint now) {
  if (window_begin_ == TimePoint{}) window_begin_ = now;
  const Duration elapsed = now - window_begin_;
  if (elapsed >= kWindow) {
    const double rate = sent_ / seconds(elapsed);
    sent_rate_ = sent_rate_ == 0 ? rate : 0.8 * rate + 0.2 * sent_rate_;
    sent_ = 0;
    window_begin_ = now;
  }
}

Duration RateLimiter::reserve(TimePoint now) {
  measure(now);
  ++sent_;
  if (!is_limiting()) return Duration(0);
  const TimePoint slot = std::max(now, next_slot_);
  next_slot_ = slot + std::chrono::duration_cast<Duration>(std::chrono::duration<double>(1 / rate_));
  return slot - now;
}

void RateLimiter::on_throttled(TimePoint now) {
  measure(now);
  const double sent = sent_rate_ > 0 ? sent_rate_ : sent_ / seconds(kWindow);
  rate_ = std::max(kMinRate, kDecrease * (is_limiting() ? std::min(rate_, sent) : sent));
  last_change_ = now;
  next_slot_ =
      std::max(next_slot_, now + std::chrono::duration_cast<Duration>(std::chrono::duration<double>(1 / rate_)));
}

void RateLimiter::on_success(TimePoint now) {
  if (!is_limiting()) return;
  rate_ += kIncreasePerSecond * seconds(now - last_change_);
  last_change_ = now;
  if (rate_ >= kNoLimitRate) rate_ = 0;
}

}  // namespace fl::aws
