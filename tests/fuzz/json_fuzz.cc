// Any bytes: parse never crashes, and our own text of what it accepts is accepted again and stable. (Not from the first
// text on: -0.0 is written -0, which reads as the integer 0.)
#include <cstdlib>
#include <string>

#include "base/json.h"

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  const auto value = fl::json::parse({reinterpret_cast<const char*>(data), size});
  if (!value) return 0;
  const bool html_escape = size % 2 == 0;
  std::string text = fl::json::to_text(*value, html_escape);
  for (int round = 0; round < 2; ++round) {
    const auto again = fl::json::parse(text);
    if (!again) std::abort();
    std::string next = fl::json::to_text(*again, html_escape);
    if (round == 1 && next != text) std::abort();
    text = std::move(next);
  }
  return 0;
}
