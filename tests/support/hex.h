// Bytes written as hexadecimal digits, as the vectors of RFCs are.
#pragma once

#include <string>
#include <string_view>

#include "base/strings.h"

namespace fl::testing {

inline std::string from_hex(std::string_view digits) {
  std::string out;
  for (size_t i = 0; i + 1 < digits.size(); i += 2)
    out += static_cast<char>(hex_value(digits[i]) << 4 | hex_value(digits[i + 1]));
  return out;
}

}  // namespace fl::testing
