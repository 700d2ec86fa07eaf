// What becomes of requests when memory runs out: better some are turned away than all cut off by the kernel. Pure.
#pragma once

#include <cstdint>

namespace fl::proxy {

enum class MemoryPressure : uint8_t {
  none,
  tight,  // idle connections are ended, and answers are their connections' last
  full,   // new requests are answered 503 besides, but for those to internal services; new TCP connections are refused
};

// `share` of the limit is in use; what it was before makes going back slower than going forth.
constexpr MemoryPressure memory_pressure_at(double share, MemoryPressure before) {
  constexpr double kTight = 0.80, kFull = 0.90, kSlack = 0.05;
  const auto reached = [&](MemoryPressure level, double from) {
    return share >= (before >= level ? from - kSlack : from);
  };
  if (reached(MemoryPressure::full, kFull)) return MemoryPressure::full;
  return reached(MemoryPressure::tight, kTight) ? MemoryPressure::tight : MemoryPressure::none;
}

}  // namespace fl::proxy
