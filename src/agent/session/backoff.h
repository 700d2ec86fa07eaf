// How long to wait before trying again: grows by half each time up to a limit, with a random part so that many agents
// do not come back together. As amazon-ecs-agent does it. Pure but for its random numbers.
#pragma once

#include <algorithm>
#include <random>

#include "base/time.h"

namespace fl::agent::session {

class Backoff {
 public:
  Backoff(Duration first, Duration longest, uint32_t seed = std::random_device{}())
      : first_(first), longest_(longest), next_(first), random_(seed) {}

  // Between four fifths and six fifths of the step.
  Duration next() {
    const double share = std::uniform_real_distribution<>(0.8, 1.2)(random_);
    const Duration step = next_;
    next_ = std::min(next_ * 3 / 2, longest_);
    return std::chrono::duration_cast<Duration>(step * share);
  }
  void reset() { next_ = first_; }

 private:
  Duration first_, longest_, next_;
  std::minstd_rand random_;
};

}  // namespace fl::agent::session
