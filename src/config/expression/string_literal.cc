#include "config/expression/string_literal.h"

#include <fmt/format.h>

#include <optional>

#include "base/strings.h"

namespace fl::config::expression {
namespace {

void append_utf8(std::string& out, uint32_t code) {
  const auto put = [&out](uint32_t byte) { out += static_cast<char>(byte); };
  if (code < 0x80) {
    put(code);
  } else if (code < 0x800) {
    put(0xC0 | code >> 6);
    put(0x80 | (code & 0x3F));
  } else if (code < 0x10000) {
    put(0xE0 | code >> 12);
    put(0x80 | (code >> 6 & 0x3F));
    put(0x80 | (code & 0x3F));
  } else {
    put(0xF0 | code >> 18);
    put(0x80 | (code >> 12 & 0x3F));
    put(0x80 | (code >> 6 & 0x3F));
    put(0x80 | (code & 0x3F));
  }
}

// `count` digits of that base at the start of `s`.
std::optional<uint32_t> digits(std::string_view s, size_t count, int base) {
  if (s.size() < count) return std::nullopt;
  uint64_t value = 0;
  for (const char c : s.substr(0, count)) {
    const int digit = hex_value(c);
    if (digit < 0 || digit >= base) return std::nullopt;
    value = value * static_cast<uint64_t>(base) + static_cast<uint64_t>(digit);
  }
  return static_cast<uint32_t>(value);
}

char simple_escape(char c) {
  switch (c) {
    case 'a': return '\a';
    case 'b': return '\b';
    case 'f': return '\f';
    case 'n': return '\n';
    case 'r': return '\r';
    case 't': return '\t';
    case 'v': return '\v';
    case '\\': return '\\';
    case '"': return '"';
    default: return 0;
  }
}

// Appends what the escape at the start of `s` (a backslash) stands for; returns its length, 0 for an unknown one.
size_t append_escape(std::string& out, std::string_view s) {
  if (s.size() < 2) return 0;
  if (const char c = simple_escape(s[1]); c != 0) {
    out += c;
    return 2;
  }
  if (s[1] == 'x') {
    const auto byte = digits(s.substr(2), 2, 16);
    if (byte) out += static_cast<char>(*byte);
    return byte ? 4 : 0;
  }
  if (s[1] == 'u' || s[1] == 'U') {
    const size_t count = s[1] == 'u' ? 4 : 8;
    const auto code = digits(s.substr(2), count, 16);
    if (!code || *code > 0x10FFFF || (*code >= 0xD800 && *code < 0xE000)) return 0;
    append_utf8(out, *code);
    return 2 + count;
  }
  const auto byte = digits(s.substr(1), 3, 8);
  if (!byte || *byte > 255) return 0;
  out += static_cast<char>(*byte);
  return 4;
}

}  // namespace

Result<StringLiteral> parse_string_literal(std::string_view source) {
  StringLiteral literal;
  if (source[0] == '`') {
    const size_t end = source.find('`', 1);
    if (end == source.npos) return fail(Code::invalid, "raw string is not closed by `");
    literal.value = source.substr(1, end - 1);
    std::erase(literal.value, '\r');  // as Go does
    literal.size = end + 1;
    return literal;
  }
  for (size_t i = 1; i < source.size();) {
    if (source[i] == '"') {
      literal.size = i + 1;
      return literal;
    }
    if (source[i] == '\n') break;
    if (source[i] != '\\') {
      literal.value += source[i++];
      continue;
    }
    const size_t size = append_escape(literal.value, source.substr(i));
    if (size == 0)
      return fail(Code::invalid, fmt::format("unknown escape {} (a raw string `...` needs none)", source.substr(i, 2)));
    i += size;
  }
  return fail(Code::invalid, "string is not closed by \"");
}

}  // namespace fl::config::expression
