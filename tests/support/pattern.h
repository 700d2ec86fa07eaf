// Bytes that do not repeat soon: what is cut, lost or moved shows.
#pragma once

#include <string>

namespace fl::testing {

inline std::string pattern(size_t size) {
  std::string out(size, '\0');
  for (size_t i = 0; i < size; ++i) out[i] = static_cast<char>(i * 131 >> 3);
  return out;
}

}  // namespace fl::testing
