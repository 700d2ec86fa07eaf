// Says whether the proxy serves or is about to stop (service ping@internal); any method. Shared by all workers.
#pragma once

#include <atomic>
#include <cstdint>

#include "http/exchange.h"

namespace fl::admin {

class PingHandler final : public http::Handler {
 public:
  // 200 OK, or `terminating_status` once `terminating`, which outlives this, is true.
  PingHandler(const std::atomic<bool>& terminating, uint16_t terminating_status)
      : terminating_(terminating), terminating_status_(terminating_status) {}

  net::Task<> handle(http::Exchange& x) const override {
    const uint16_t status = terminating_.load(std::memory_order_relaxed) ? terminating_status_ : 200;
    x.respond(status, http::reason_phrase(status));
    co_return;
  }

 private:
  const std::atomic<bool>& terminating_;
  const uint16_t terminating_status_;
};

}  // namespace fl::admin
