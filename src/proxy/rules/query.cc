#include "proxy/rules/query.h"

#include "base/strings.h"

namespace fl::proxy::rules {
namespace {

// Takes one decoded byte off the front of `s`, which is not empty.
char take_byte(std::string_view& s) {
  const char c = s[0];
  if (c != '%') {
    s.remove_prefix(1);
    return c == '+' ? ' ' : c;
  }
  const int byte = hex_value(s[1]) << 4 | hex_value(s[2]);
  s.remove_prefix(3);
  return static_cast<char>(byte);
}

}  // namespace

bool has_valid_escapes(std::string_view encoded) {
  for (size_t at = encoded.find('%'); at != encoded.npos; at = encoded.find('%', at + 3))
    if (at + 2 >= encoded.size() || hex_value(encoded[at + 1]) < 0 || hex_value(encoded[at + 2]) < 0) return false;
  return true;
}

bool decodes_to(std::string_view encoded, std::string_view text) {
  if (encoded.size() < text.size()) return false;
  for (const char c : text)
    if (encoded.empty() || take_byte(encoded) != c) return false;
  return encoded.empty();
}

size_t decode_query(std::string_view encoded, char* out) {
  char* end = out;
  while (!encoded.empty()) *end++ = take_byte(encoded);
  return static_cast<size_t>(end - out);
}

}  // namespace fl::proxy::rules
