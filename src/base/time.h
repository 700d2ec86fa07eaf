// Times and durations. The event loop hands out monotonic time (cached a turn); wall time goes through Clock, so that
// tests and the simulation can stand still or jump.
#pragma once

#include <chrono>
#include <cstdint>
#include <string>
#include <string_view>

#include "base/result.h"

namespace fl {

using Duration = std::chrono::nanoseconds;
using TimePoint = std::chrono::time_point<std::chrono::steady_clock, Duration>;
using WallTime = std::chrono::time_point<std::chrono::system_clock, Duration>;
using namespace std::chrono_literals;

class Clock {
 public:
  virtual ~Clock() = default;
  virtual TimePoint now() const = 0;
  virtual WallTime wall() const = 0;
};

// The machine's clock; lives for ever.
const Clock& system_clock();

// "10" (seconds) or Go's form "1h2m3.5s4ms"; sums and a leading minus are allowed. Source: Traefik, durations.
Result<Duration> parse_duration(std::string_view text);
// Go's form, as Traefik's API prints it: 0s, 1.5s, 1m30s, 100ms, 2h0m0s.
std::string format_duration(Duration d);

// "2026-11-21T07:44:00Z", with nanoseconds when there are any (Go's RFC3339Nano).
std::string format_rfc3339(WallTime t);
// "20261121T074400Z", the form SigV4 signs.
std::string format_iso8601_basic(WallTime t);
// "Sat, 21 Nov 2026 07:44:00 GMT" (RFC 9110 5.6.7).
std::string format_http_date(WallTime t);
// Reads an HTTP date in the IMF-fixdate form.
Result<WallTime> parse_http_date(std::string_view text);

}  // namespace fl
