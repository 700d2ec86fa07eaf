// ASCII text helpers. Nothing here knows a locale; all are safe on any bytes.
#pragma once

#include <algorithm>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace fl {

constexpr char ascii_lower(char c) { return c >= 'A' && c <= 'Z' ? static_cast<char>(c | 0x20) : c; }
constexpr char ascii_upper(char c) { return c >= 'a' && c <= 'z' ? static_cast<char>(c & ~0x20) : c; }
constexpr bool is_digit(char c) { return c >= '0' && c <= '9'; }
constexpr bool is_alnum(char c) { return is_digit(c) || (ascii_lower(c) >= 'a' && ascii_lower(c) <= 'z'); }

// Value of a hex digit, or -1.
constexpr int hex_value(char c) {
  if (is_digit(c)) return c - '0';
  const char l = ascii_lower(c);
  return l >= 'a' && l <= 'f' ? l - 'a' + 10 : -1;
}

constexpr bool iequals(std::string_view a, std::string_view b) {
  return a.size() == b.size() &&
         std::equal(a.begin(), a.end(), b.begin(), [](char x, char y) { return ascii_lower(x) == ascii_lower(y); });
}

// Case-insensitive comparison of header and key names: negative, 0 or positive.
constexpr int icompare(std::string_view a, std::string_view b) {
  const size_t n = std::min(a.size(), b.size());
  for (size_t i = 0; i < n; ++i) {
    const auto x = static_cast<unsigned char>(ascii_lower(a[i])), y = static_cast<unsigned char>(ascii_lower(b[i]));
    if (x != y) return x < y ? -1 : 1;
  }
  return a.size() == b.size() ? 0 : a.size() < b.size() ? -1 : 1;
}

constexpr std::string_view trim(std::string_view s, std::string_view what = " \t\r\n") {
  const size_t b = s.find_first_not_of(what);
  if (b == s.npos) return {};
  return s.substr(b, s.find_last_not_of(what) - b + 1);
}

std::string to_lower(std::string_view s);
std::string to_upper(std::string_view s);

// Parts between separators, empty ones kept: "a,,b" -> a, "", b. An empty text gives one empty part.
std::vector<std::string_view> split(std::string_view s, char separator);
// Comma list as Traefik reads it: each item trimmed, empty items left out.
std::vector<std::string> split_list(std::string_view s);
std::string join(const std::vector<std::string>& parts, std::string_view separator);

// Whole text as a decimal number; nullopt when anything else is in it or it does not fit.
std::optional<int64_t> parse_int(std::string_view s);
std::optional<uint64_t> parse_uint(std::string_view s);

// The candidate nearest to `word` by edit distance (case ignored), or nullopt when none is near enough to suggest.
std::optional<std::string_view> nearest(std::string_view word, const std::vector<std::string_view>& candidates);

}  // namespace fl
