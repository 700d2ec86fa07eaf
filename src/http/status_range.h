// A status code or a range of them, as options list them: "404", "500-599". Pure; any thread.
#pragma once

#include <cstdint>
#include <string_view>

#include "base/result.h"

namespace fl::http {

struct StatusRange {
  uint16_t first = 0, last = 0;  // both included

  bool contains(uint16_t status) const { return first <= status && status <= last; }
  // Errors: anything but a code or a range.
  static Result<StatusRange> parse(std::string_view text);
};

}  // namespace fl::http
