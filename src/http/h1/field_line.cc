#include "http/h1/field_line.h"

#include <limits>

#include "http/grammar.h"
#include "http/h1/scan.h"

namespace fl::http::h1 {
namespace {

// First byte that is no tchar, or end.
const char* skip_token(const char* p, const char* end) {
  for (;;) {
    p = find_first<WidestBlock>(p, end, kNotPlainName);
    if (p == end || !is_token_char(*p)) return p;
    ++p;
  }
}

constexpr bool is_blank(char c) { return c == ' ' || c == '\t'; }

}  // namespace

ParseError parse_field_line(std::string_view line, HeaderMap& fields) {
  const char* const begin = line.data();
  const char* end = begin + line.size();
  if (is_blank(*begin)) return ParseError::folded_field;
  const char* const colon = skip_token(begin, end);
  if (colon == begin || colon == end || *colon != ':') return ParseError::bad_field_name;

  const char* value = colon + 1;
  while (value != end && is_blank(*value)) ++value;
  while (value != end && is_blank(end[-1])) --end;
  const std::string_view name(begin, static_cast<size_t>(colon - begin));
  fields.append(classify_header(name), name, {value, static_cast<size_t>(end - value)});
  return ParseError::none;
}

std::optional<uint64_t> parse_content_length(std::string_view value) {
  constexpr uint64_t kMax = std::numeric_limits<int64_t>::max();
  uint64_t number = 0;
  for (const char c : value) {
    if (!is_digit(c)) return std::nullopt;
    const auto digit = static_cast<uint64_t>(c - '0');
    if (number > (kMax - digit) / 10) return std::nullopt;
    number = number * 10 + digit;
  }
  if (value.empty()) return std::nullopt;
  return number;
}

}  // namespace fl::http::h1
