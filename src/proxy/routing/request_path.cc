#include "proxy/routing/request_path.h"

#include <algorithm>
#include <array>
#include <cstring>

#include "base/strings.h"

namespace fl::proxy::routing {
namespace {

enum class Byte : uint8_t {
  unreserved,  // RFC 3986 2.3: never written as an escape
  plain,       // may stand in a path as it is
  encoded,     // has to be an escape; written as one if it is not
  refused,     // controls, space, and what would end a path
};

constexpr std::array<Byte, 256> kBytes = [] {
  std::array<Byte, 256> table{};
  table.fill(Byte::encoded);
  for (size_t i = 0; i <= ' '; ++i) table[i] = Byte::refused;
  for (const unsigned char c : {'#', '?', '\x7f'}) table[c] = Byte::refused;
  for (const unsigned char c : std::string_view("/:@!$&'()*+,;=[]")) table[c] = Byte::plain;
  for (size_t i = 0; i < table.size(); ++i)
    if (is_alnum(static_cast<char>(i)) && i < 0x80) table[i] = Byte::unreserved;
  for (const unsigned char c : std::string_view("-._~")) table[c] = Byte::unreserved;
  return table;
}();

constexpr Byte byte_class(char c) { return kBytes[static_cast<unsigned char>(c)]; }

// In a routing path these stay escapes: decoding them would change what the path means.
constexpr bool is_reserved(char c) { return std::string_view(":/?#[]@!$&'()*+,;=%").find(c) != std::string_view::npos; }

// The value of the escape at `at`, or -1 when there is none.
int escape_at(std::string_view s, size_t at) {
  if (at + 2 >= s.size() || s[at] != '%') return -1;
  const int high = hex_value(s[at + 1]), low = hex_value(s[at + 2]);
  return high < 0 || low < 0 ? -1 : high << 4 | low;
}

char* put_escape(char* out, char c) {
  constexpr char kHex[] = "0123456789ABCDEF";
  const auto byte = static_cast<unsigned char>(c);
  *out++ = '%';
  *out++ = kHex[byte >> 4];
  *out++ = kHex[byte & 15];
  return out;
}

// True when no step below would change or refuse the path: the case that matters for speed.
bool is_plainly_normal(std::string_view path) {
  char previous = 0;
  for (const char c : path) {
    if (byte_class(c) > Byte::plain || c == ';' || (previous == '/' && (c == '/' || c == '.'))) return false;
    previous = c;
  }
  return true;
}

// Decodes escapes of unreserved characters, writes the others in upper case and encodes what must be.
tl::expected<std::span<char>, PathError> normalize(std::string_view path, Arena& arena) {
  const auto grown = static_cast<size_t>(
      std::ranges::count_if(path, [](char c) { return byte_class(c) == Byte::encoded && c != '%'; }));
  char* const begin = static_cast<char*>(arena.allocate(path.size() + 2 * grown, 1));
  char* out = begin;
  for (size_t i = 0; i < path.size(); ++i) {
    const Byte kind = byte_class(path[i]);
    if (kind == Byte::refused) return tl::make_unexpected(PathError::malformed);
    if (kind != Byte::encoded) {
      *out++ = path[i];
    } else if (path[i] != '%') {
      out = put_escape(out, path[i]);
    } else {
      const int value = escape_at(path, i);
      if (value < 0) return tl::make_unexpected(PathError::malformed);
      const auto c = static_cast<char>(value);
      if (byte_class(c) == Byte::unreserved) {
        *out++ = c;
      } else {
        out = put_escape(out, c);
      }
      i += 2;
    }
  }
  return std::span(begin, out);
}

// Resolves dot segments and repeated slashes in place, as Go's path.Clean does, but keeps a trailing slash; returns
// what is left. `path` begins with '/'.
std::string_view clean(std::span<char> path) {
  const std::string_view in(path.data(), path.size());
  char* const begin = path.data();
  char* out = begin;
  for (size_t at = 1; at <= in.size();) {
    const size_t end = std::min(in.find('/', at), in.size());
    const std::string_view segment = in.substr(at, end - at);
    at = end + 1;
    if (segment.empty() || segment == ".") continue;
    if (segment == "..") {
      while (out > begin && *--out != '/') {
      }
      continue;
    }
    *out++ = '/';
    std::memmove(out, segment.data(), segment.size());
    out += segment.size();
  }
  if (out == begin || in.ends_with('/')) *out++ = '/';
  return {begin, out};
}

// One character as the most generous server reads it: escapes decoded, twice if need be, "\" taken for "/".
struct GenerousChar {
  char value;
  size_t size;
};
GenerousChar generous_char(std::string_view path, size_t at) {
  GenerousChar c{path[at], 1};
  if (const int once = escape_at(path, at); once >= 0) {
    c = {static_cast<char>(once), 3};
    if (c.value == '%') {
      // "%25" "2F": what is left after one decoding is an escape again.
      const char again[] = {'%', at + 3 < path.size() ? path[at + 3] : '\0',
                            at + 4 < path.size() ? path[at + 4] : '\0'};
      if (const int twice = escape_at({again, 3}, 0); twice >= 0) c = {static_cast<char>(twice), 5};
    }
  }
  if (c.value == '\\') c.value = '/';
  return c;
}

// True when a generous server sees a dot segment, or an empty first segment, in a path that clean() has been through.
bool is_ambiguous(std::string_view path) {
  if (path == "/") return false;
  size_t length = 0, dots = 0;  // of the segment so far, parameters left out
  bool in_parameters = false, is_first = true;
  for (size_t at = 1; at <= path.size();) {
    const bool at_end = at == path.size();
    const GenerousChar c = at_end ? GenerousChar{'/', 1} : generous_char(path, at);
    at += c.size;
    if (c.value == '/') {
      if ((length > 0 && length <= 2 && dots == length) || (is_first && length == 0)) return true;
      length = dots = 0;
      in_parameters = is_first = false;
    } else if (c.value == ';') {
      in_parameters = true;
    } else if (!in_parameters) {
      ++length;
      dots += c.value == '.';
    }
  }
  return false;
}

bool is_allowed(char c, const EncodedCharacters& allowed) {
  switch (c) {
    case '/': return allowed.slash;
    case '\\': return allowed.back_slash;
    case '\0': return allowed.null_character;
    case ';': return allowed.semicolon;
    case '%': return allowed.percent;
    case '?': return allowed.question_mark;
    case '#': return allowed.hash;
    default: return true;
  }
}

}  // namespace

std::string_view describe(PathError error) {
  switch (error) {
    case PathError::malformed: return "the path is malformed";
    case PathError::encoded_character: return "the path has an encoded character that is not allowed";
    case PathError::ambiguous: return "the path means different things to different servers";
  }
  return {};
}

tl::expected<RequestPath, PathError> make_request_path(std::string_view path, bool sanitize,
                                                       const EncodedCharacters& allowed, Arena& arena) {
  if (path == "*") return RequestPath{path, path};
  if (!path.starts_with('/')) return tl::make_unexpected(PathError::malformed);
  if (is_plainly_normal(path)) return RequestPath{path, path};

  const auto normal = normalize(path, arena);
  if (!normal) return tl::make_unexpected(normal.error());
  std::string_view forwarded(normal->data(), normal->size());
  if (!has_only_allowed(forwarded, allowed)) return tl::make_unexpected(PathError::encoded_character);
  if (sanitize) {
    forwarded = clean(*normal);
    if (is_ambiguous(forwarded)) return tl::make_unexpected(PathError::ambiguous);
  }
  return RequestPath{forwarded, make_routing_path(forwarded, arena)};
}

std::string_view make_routing_path(std::string_view path, Arena& arena) {
  if (path.find('%') == path.npos) return path;
  char* const begin = static_cast<char*>(arena.allocate(path.size(), 1));
  char* out = begin;
  for (size_t i = 0; i < path.size(); ++i) {
    const int value = escape_at(path, i);
    if (value < 0) {
      *out++ = path[i];
      continue;
    }
    const auto c = static_cast<char>(value);
    if (is_reserved(c)) {
      out = put_escape(out, c);
    } else {
      *out++ = c;
    }
    i += 2;
  }
  return {begin, out};
}

std::optional<size_t> forwarded_size(std::string_view forwarded, size_t size) {
  size_t at = 0;
  for (size_t routed = 0; routed < size;) {
    const int value = escape_at(forwarded, at);
    const bool is_kept = value >= 0 && is_reserved(static_cast<char>(value));
    at += value >= 0 ? 3 : 1;
    routed += is_kept ? 3 : 1;
    if (routed > size || at > forwarded.size()) return std::nullopt;
  }
  return at;
}

bool is_sanitized(std::string_view path) {
  if (!path.starts_with('/')) return false;
  for (size_t at = 1; at < path.size();) {
    const size_t end = std::min(path.find('/', at), path.size());
    const std::string_view segment = path.substr(at, end - at);
    if (segment.empty() || segment == "." || segment == "..") return false;
    at = end + 1;
  }
  return !is_ambiguous(path);
}

bool has_only_allowed(std::string_view path, const EncodedCharacters& allowed) {
  for (size_t at = path.find('%'); at != path.npos; at = path.find('%', at + 1))
    if (const int value = escape_at(path, at); value >= 0 && !is_allowed(static_cast<char>(value), allowed))
      return false;
  return true;
}

std::string_view make_query(std::string_view query, bool encode_semicolons, Arena& arena) {
  const auto semicolons = static_cast<size_t>(std::ranges::count(query, ';'));
  if (semicolons == 0) return query;
  const std::string_view replacement = encode_semicolons ? "%3B" : "&";
  char* const begin = static_cast<char*>(arena.allocate(query.size() + semicolons * (replacement.size() - 1), 1));
  char* out = begin;
  for (const char c : query) {
    if (c == ';') {
      out = std::ranges::copy(replacement, out).out;
    } else {
      *out++ = c;
    }
  }
  return {begin, out};
}

std::string_view canonical_host(std::string_view authority, Arena& arena) {
  std::string_view host = authority;
  if (host.starts_with('[')) {
    host = host.substr(1, host.find(']') - 1);
  } else if (const size_t colon = host.find(':'); colon != host.npos && host.find(':', colon + 1) == host.npos) {
    host = host.substr(0, colon);
  }
  if (host.ends_with('.')) host.remove_suffix(1);
  if (std::ranges::none_of(host, [](char c) { return c != ascii_lower(c); })) return host;
  const std::span<char> lower = arena.array<char>(host.size());
  std::ranges::transform(host, lower.begin(), ascii_lower);
  return {lower.data(), lower.size()};
}

std::string_view port_of(std::string_view authority) {
  const size_t colon = authority.rfind(':');
  if (colon == authority.npos || authority.find(']', colon) != authority.npos) return {};
  return authority.substr(colon + 1);
}

}  // namespace fl::proxy::routing
