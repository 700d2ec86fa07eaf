// Keeps calls of one API below the rate at which AWS throttles them. Free until the first throttling; then calls are
// spaced out: the rate drops to 70 % of what was sent and grows again while calls succeed. Pure: times are passed in.
#pragma once

#include "base/time.h"

namespace fl::aws {

class RateLimiter {
 public:
  // Takes the next slot. -> how long to wait for it
  Duration reserve(TimePoint now);
  void on_throttled(TimePoint now);
  void on_success(TimePoint now);

  bool is_limiting() const { return rate_ > 0; }
  double rate() const { return rate_; }  // calls a second; 0: no limit

 private:
  void measure(TimePoint now);

  double rate_ = 0;
  TimePoint next_slot_{};
  TimePoint last_change_{};
  // What was sent, smoothed over windows of half a second and more.
  double sent_rate_ = 0;
  double sent_ = 0;
  TimePoint window_begin_{};
};

}  // namespace fl::aws
