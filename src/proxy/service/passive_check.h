// Takes a server out for a while when the answers to real requests say that it is not well (Traefik:
// passiveHealthCheck). Counts failures within a sliding window, for all workers together; a failure is rare, so they
// meet at atomics only then. Any worker.
#pragma once

#include <atomic>
#include <cstddef>
#include <memory>

#include "base/time.h"
#include "proxy/service/health.h"

namespace fl::proxy {

class PassiveCheck {
 public:
  struct Options {
    Duration window = 10s;          // failures older than that do not count; a server that is out stays out as long
    size_t max_failures = 1;        // so many within the window put it out
    bool has_active_check = false;  // which then says when the server is well again
  };
  PassiveCheck(const Options& options, std::shared_ptr<ServerHealth> health);

  void succeeded(TimePoint now) {
    if (last_failure_.load(std::memory_order_relaxed) > forgiven_.load(std::memory_order_relaxed))
      forgiven_.store(now.time_since_epoch().count(), std::memory_order_relaxed);
  }
  void failed(TimePoint now);

 private:
  using Moment = std::atomic<TimePoint::rep>;

  const Options options_;
  const std::shared_ptr<ServerHealth> health_;
  std::unique_ptr<Moment[]> failures_;  // the last options_.max_failures, in turn
  std::atomic<size_t> next_{0};
  Moment last_failure_{0};
  Moment forgiven_{0};  // failures up to then do not count: the server has answered well since
};

}  // namespace fl::proxy
