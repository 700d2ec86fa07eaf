#include "proxy/middleware/forwardable_path.h"

#include <algorithm>

#include "proxy/routing/request_path.h"

namespace fl::proxy::middleware {
namespace {

// What routing::make_request_path() refuses, as in a request it can only be an attack; here it is just a character.
constexpr bool needs_escape(char c) {
  return static_cast<unsigned char>(c) <= ' ' || c == '?' || c == '#' || c == '\x7f';
}

std::string_view escape(std::string_view text, Arena& arena) {
  constexpr char kHex[] = "0123456789ABCDEF";
  const auto escapes = static_cast<size_t>(std::ranges::count_if(text, needs_escape));
  if (escapes == 0) return text;
  const std::span<char> out = arena.array<char>(text.size() + 2 * escapes);
  auto end = out.begin();
  for (const char c : text) {
    if (!needs_escape(c)) {
      *end++ = c;
      continue;
    }
    *end++ = '%';
    *end++ = kHex[static_cast<unsigned char>(c) >> 4];
    *end++ = kHex[static_cast<unsigned char>(c) & 15];
  }
  return {out.data(), out.size()};
}

}  // namespace

std::optional<std::string_view> make_forwardable_path(std::string_view text, Arena& arena) {
  if (!text.starts_with('/')) text = arena.concat({"/", text});
  const auto path = routing::make_request_path(escape(text, arena), false, {}, arena);
  if (!path) return std::nullopt;
  return path->forwarded;
}

}  // namespace fl::proxy::middleware
