// The small words of HTTP (RFC 9110 5.5, 5.6.2, RFC 3986 3.2), the same in every version. Pure; any thread.
#pragma once

#include <array>
#include <string_view>

#include "base/strings.h"

namespace fl::http {

namespace detail {
inline constexpr std::array<bool, 256> kTokenChars = [] {
  std::array<bool, 256> table{};
  for (int c = 0; c < 128; ++c) table[static_cast<size_t>(c)] = is_alnum(static_cast<char>(c));
  for (const char c : std::string_view("!#$%&'*+-.^_`|~")) table[static_cast<unsigned char>(c)] = true;
  return table;
}();
}  // namespace detail

constexpr bool is_token_char(char c) { return detail::kTokenChars[static_cast<unsigned char>(c)]; }
// A method or field name; not empty.
bool is_token(std::string_view s);
// Whether it can be the value of a field: no controls but TAB. May be empty.
bool is_field_value(std::string_view s);
// uri-host [ ":" port ], not empty. Narrower than RFC 3986: names of letters, digits, - . _ ~ only, since two readings
// of an escape or a comma are two hosts; IPv6 literals without zone; ports up to 65535.
bool is_authority(std::string_view s);

}  // namespace fl::http
