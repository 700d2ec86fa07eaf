#include "telemetry/quote.h"

#include <array>
#include <cstdint>

#include "base/json.h"
#include "base/utf8.h"

namespace fl::telemetry {
namespace {

using ByteSet = std::array<bool, 256>;

constexpr ByteSet printable_except(std::string_view special) {
  ByteSet set{};
  for (unsigned c = 0x20; c < 0x7f; ++c) set[c] = !special.contains(static_cast<char>(c));
  return set;
}
constexpr ByteSet kPlain = printable_except("\"\\");
constexpr ByteSet kPlainJson = printable_except("\"\\<>&");

size_t plain_prefix(std::string_view s, const ByteSet& plain) {
  size_t n = 0;
  while (n < s.size() && plain[static_cast<uint8_t>(s[n])]) ++n;
  return n;
}

void append_hex(std::string& out, std::string_view prefix, uint32_t value, int digits) {
  out += prefix;
  for (int shift = 4 * (digits - 1); shift >= 0; shift -= 4) out += "0123456789abcdef"[value >> shift & 0xf];
}

uint32_t decode(std::string_view symbol) {
  uint32_t c = static_cast<uint8_t>(symbol[0]) & (0xffu >> (symbol.size() + 1));
  for (const char tail : symbol.substr(1)) c = c << 6 | (static_cast<uint8_t>(tail) & 0x3fu);
  return c;
}

// Code points that would not be seen, or would change how the rest of the line is shown.
bool is_invisible(uint32_t c) {
  return c < 0xa0 || c == 0xad || c == 0x061c || (c >= 0x200b && c <= 0x200f) || (c >= 0x2028 && c <= 0x202e) ||
         (c >= 0x2060 && c <= 0x206f) || (c >= 0xe000 && c <= 0xf8ff) || c == 0xfeff || (c >= 0xfff0 && c <= 0xfffb) ||
         (c & 0xfffe) == 0xfffe || c >= 0xe0000;
}

void append_ascii(std::string& out, char c) {
  constexpr std::string_view kLetters = "abtnvfr";  // 7 to 13
  if (c == '"' || c == '\\') {
    out += '\\';
    out += c;
  } else if (c >= 7 && c <= 13) {
    out += '\\';
    out += kLetters[static_cast<size_t>(c - 7)];
  } else {
    append_hex(out, "\\x", static_cast<uint8_t>(c), 2);
  }
}

}  // namespace

void append_escaped(std::string& out, std::string_view s) {
  for (;;) {
    const size_t plain = plain_prefix(s, kPlain);
    out.append(s.data(), plain);
    s.remove_prefix(plain);
    if (s.empty()) return;
    const size_t n = utf8_length(s);
    if (n <= 1) {
      append_ascii(out, s[0]);
      s.remove_prefix(1);
      continue;
    }
    const uint32_t c = decode(s.substr(0, n));
    if (!is_invisible(c))
      out.append(s.data(), n);
    else if (c < 0x10000)
      append_hex(out, "\\u", c, 4);
    else
      append_hex(out, "\\U", c, 8);
    s.remove_prefix(n);
  }
}

bool is_plain_json(std::string_view s) { return plain_prefix(s, kPlainJson) == s.size(); }

// < > & are common in URLs; what else needs escaping is rare and goes to the general encoder.
void append_json_string(std::string& out, std::string_view s) {
  out += '"';
  for (;;) {
    const size_t plain = plain_prefix(s, kPlainJson);
    out.append(s.data(), plain);
    s.remove_prefix(plain);
    if (s.empty()) break;
    if (!std::string_view("<>&").contains(s[0])) {
      const size_t quote = out.size();
      json::append_quoted(out, s, true);
      out.erase(quote, 1);
      return;
    }
    append_hex(out, "\\u", static_cast<uint8_t>(s[0]), 4);
    s.remove_prefix(1);
  }
  out += '"';
}

}  // namespace fl::telemetry
