#include "http/h1/target.h"

#include <array>

#include "http/grammar.h"
#include "http/h1/scan.h"

namespace fl::http::h1 {
namespace {

enum CharClass : uint8_t { kInPath = 1, kInQuery = 2 };

constexpr std::array<uint8_t, 256> kChars = [] {
  std::array<uint8_t, 256> table{};
  const auto add = [&table](std::string_view chars, int classes) {
    for (const char c : chars) table[static_cast<unsigned char>(c)] |= static_cast<uint8_t>(classes);
  };
  add("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-._~", kInPath | kInQuery);
  add("!$&'()*+,;=:@/", kInPath | kInQuery);
  add("[]{}|", kInPath | kInQuery);
  add("?\\^`", kInQuery);
  return table;
}();

bool is_in(char c, CharClass wanted) { return (kChars[static_cast<unsigned char>(c)] & wanted) != 0; }

// First byte that may not stand in that part of a target, or end. A '%' without two hex digits may not, but in a query:
// browsers send "?q=100%", and no server takes a query for a path.
const char* skip_target(const char* p, const char* end, CharClass wanted) {
  for (;;) {
    p = find_first<WidestBlock>(p, end, kNotPlainTarget);
    if (p == end) return p;
    if (*p == '%') {
      const bool escape = end - p >= 3 && hex_value(p[1]) >= 0 && hex_value(p[2]) >= 0;
      if (!escape && wanted != kInQuery) return p;
      p += escape ? 3 : 1;
    } else if (is_in(*p, wanted)) {
      ++p;
    } else {
      return p;
    }
  }
}

std::string_view between(const char* begin, const char* end) { return {begin, static_cast<size_t>(end - begin)}; }

bool parse_path_and_query(std::string_view text, RequestHead& head) {
  const char* const begin = text.data();
  const char* const end = begin + text.size();
  const char* const path_end = skip_target(begin, end, kInPath);
  head.path = between(begin, path_end);
  if (path_end == end) return true;
  if (*path_end != '?') return false;
  head.has_query = true;
  head.query = between(path_end + 1, end);
  return skip_target(path_end + 1, end, kInQuery) == end;
}

bool parse_absolute_form(std::string_view target, RequestHead& head) {
  const size_t colon = target.find("://");
  if (colon == target.npos) return false;
  head.scheme = target.substr(0, colon);
  if (!iequals(head.scheme, "http") && !iequals(head.scheme, "https")) return false;
  target.remove_prefix(colon + 3);
  head.authority = target.substr(0, target.find_first_of("/?"));
  if (!is_authority(head.authority)) return false;
  if (!parse_path_and_query(target.substr(head.authority.size()), head)) return false;
  // RFC 9112 3.2.4: OPTIONS without path asks about the server as a whole.
  if (head.path.empty()) head.path = head.method_id == Method::options && !head.has_query ? "*" : "/";
  return true;
}

}  // namespace

bool parse_target(std::string_view target, RequestHead& head) {
  if (target.starts_with('/')) return parse_path_and_query(target, head);
  if (target == "*") {
    head.path = target;
    return head.method_id == Method::options;
  }
  return parse_absolute_form(target, head);
}

}  // namespace fl::http::h1
