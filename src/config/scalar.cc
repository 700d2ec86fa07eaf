#include "config/scalar.h"

#include <algorithm>
#include <charconv>
#include <cmath>
#include <string>

#include "base/strings.h"

namespace fl::config {

std::optional<bool> parse_bool(std::string_view text) {
  for (std::string_view yes : {"true", "1", "t", "T", "TRUE", "True"})
    if (text == yes) return true;
  for (std::string_view no : {"false", "0", "f", "F", "FALSE", "False"})
    if (text == no) return false;
  return std::nullopt;
}

std::optional<int64_t> parse_integer(std::string_view text, bool is_plain) {
  if (text.starts_with('+')) {
    text.remove_prefix(1);
    if (text.starts_with('-')) return std::nullopt;
  }
  if (!is_plain) return parse_int(text);

  std::string digits(text);
  std::erase(digits, '_');
  std::string_view rest = digits;
  const bool is_negative = rest.starts_with('-');
  if (is_negative) rest.remove_prefix(1);
  int base = 10;
  if (rest.size() > 1 && rest[0] == '0') {
    const char letter = ascii_lower(rest[1]);
    base = letter == 'x' ? 16 : letter == 'b' ? 2 : 8;
    rest.remove_prefix(is_digit(letter) ? 1 : 2);
    if (base == 8 && letter != 'o' && !is_digit(letter)) return std::nullopt;
  }
  if (rest.empty() || !is_alnum(rest[0])) return std::nullopt;
  const std::string signed_digits = (is_negative ? "-" : "") + std::string(rest);
  int64_t value = 0;
  const char* end = signed_digits.data() + signed_digits.size();
  const auto [stop, error] = std::from_chars(signed_digits.data(), end, value, base);
  if (error != std::errc{} || stop != end) return std::nullopt;
  return value;
}

std::optional<double> parse_real(std::string_view text) {
  double value = 0;
  const char* end = text.data() + text.size();
  if (text.starts_with('+')) text.remove_prefix(1);
  const auto [stop, error] = std::from_chars(text.data(), end, value);
  if (error != std::errc{} || stop != end || !std::isfinite(value)) return std::nullopt;
  return value;
}

}  // namespace fl::config
