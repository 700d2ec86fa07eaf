// A status code or a range of them, as options list them: "404", "500-599". Pure; any thread.
#pragma once

#include <algorithm>
#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"

namespace fl::http {

struct StatusRange {
  uint16_t first = 0, last = 0;  // both included

  bool contains(uint16_t status) const { return first <= status && status <= last; }
  // Errors: anything but a code or a range.
  static Result<StatusRange> parse(std::string_view text);
};

// Errors: as parse(), for the first that is wrong.
Result<std::vector<StatusRange>> parse_status_ranges(std::span<const std::string> texts);
inline bool contains(std::span<const StatusRange> ranges, uint16_t status) {
  return std::ranges::any_of(ranges, [status](StatusRange range) { return range.contains(status); });
}

}  // namespace fl::http
