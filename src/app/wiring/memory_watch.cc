#include "app/wiring/memory_watch.h"

#include <malloc.h>

#include "base/log.h"
#include "net/loop.h"

namespace fl::app {
namespace {

// To get from the first threshold past the limit between two looks takes 2 GB/s for each GiB that is allowed.
constexpr Duration kAtEase = 100ms, kUnderPressure = 25ms;
constexpr Duration kAgain = 1s;

}  // namespace

net::Task<> MemoryWatch::run(net::StopToken stop) {
  using proxy::MemoryPressure;
  if (!memory_) co_return;
  TimePoint relieved{};
  while (co_await net::sleep_for(pressure_ == MemoryPressure::none ? kAtEase : kUnderPressure, stop)) {
    const auto use = memory_->read().value_or(telemetry::MemoryUse{.used = 0, .limit = 1});  // the limit is gone
    const auto pressure = proxy::memory_pressure_at(use.share(), pressure_);
    const TimePoint now = net::Loop::current().now();
    if (pressure != pressure_)
      change_to(pressure, use);
    else if (pressure == MemoryPressure::none || now - relieved < kAgain)
      continue;
    relieved = now;
    relieve_(pressure_);
    if (pressure_ != MemoryPressure::none) ::malloc_trim(0);
  }
}

void MemoryWatch::change_to(proxy::MemoryPressure pressure, const telemetry::MemoryUse& use) {
  using proxy::MemoryPressure;
  pressure_ = pressure;
  const char* consequence = pressure == MemoryPressure::full    ? "new requests are answered 503"
                            : pressure == MemoryPressure::tight ? "idle connections are closed"
                                                                : "all requests are served again";
  log::warn("memory: {} of {} MiB that the control group allows are in use: {}", use.used >> 20, use.limit >> 20,
            consequence);
}

}  // namespace fl::app
