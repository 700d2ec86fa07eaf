#include "proxy/middleware/redirect.h"

#include <algorithm>

#include "base/strings.h"
#include "http/grammar.h"

namespace fl::proxy::middleware {
namespace {

// RFC 3986 3.1
bool is_scheme(std::string_view text) {
  return !text.empty() && is_alnum(text[0]) && !is_digit(text[0]) &&
         std::ranges::all_of(text, [](char c) { return is_alnum(c) || c == '+' || c == '-' || c == '.'; });
}

constexpr bool is_control(char c) { return static_cast<unsigned char>(c) < 0x20 || c == '\x7f'; }

bool needs_escape(char c, bool in_path) {
  constexpr std::string_view kNowhere = " \"<>", kNotInPath = "\\^`{|}";
  return static_cast<unsigned char>(c) >= 0x80 || kNowhere.contains(c) || (in_path && kNotInPath.contains(c));
}

bool has_only_whole_escapes(std::string_view path) {
  for (size_t at = path.find('%'); at != path.npos; at = path.find('%', at + 1))
    if (at + 2 >= path.size() || hex_value(path[at + 1]) < 0 || hex_value(path[at + 2]) < 0) return false;
  return true;
}

}  // namespace

std::string_view client_scheme(const http::Exchange& x) {
  if (const auto* proto = x.request.headers.find(http::HeaderId::x_forwarded_proto)) {
    if (iequals(*proto, "https") || iequals(*proto, "wss")) return "https";
    if (iequals(*proto, "http") || iequals(*proto, "ws")) return "http";
  }
  return x.connection().tls ? "https" : "http";
}

std::string_view request_target(http::Exchange& x) {
  const std::string_view path = x.request.path.empty() ? "/" : x.request.path;
  return x.request.has_query ? x.arena.concat({path, "?", x.request.query}) : path;
}

std::optional<std::string_view> make_location(std::string_view url, Arena& arena) {
  if (std::ranges::any_of(url, is_control)) return std::nullopt;
  size_t path_begin = 0;
  if (const size_t colon = url.find(':'); colon < url.find_first_of("/?#")) {
    if (!is_scheme(url.substr(0, colon))) return std::nullopt;
    path_begin = colon + 1;
  }
  if (url.substr(path_begin).starts_with("//")) {
    const size_t begin = path_begin + 2;
    path_begin = std::min(url.find_first_of("/?#", begin), url.size());
    if (!http::is_authority(url.substr(begin, path_begin - begin))) return std::nullopt;
  }
  const size_t path_end = std::min(url.find_first_of("?#", path_begin), url.size());
  if (!has_only_whole_escapes(url.substr(path_begin, path_end - path_begin))) return std::nullopt;

  size_t escapes = 0;
  for (size_t i = path_begin; i < url.size(); ++i) escapes += needs_escape(url[i], i < path_end);
  if (escapes == 0) return url;
  constexpr char kHex[] = "0123456789ABCDEF";
  const std::span<char> out = arena.array<char>(url.size() + 2 * escapes);
  auto end = std::ranges::copy(url.substr(0, path_begin), out.begin()).out;
  for (size_t i = path_begin; i < url.size(); ++i) {
    if (!needs_escape(url[i], i < path_end)) {
      *end++ = url[i];
      continue;
    }
    *end++ = '%';
    *end++ = kHex[static_cast<unsigned char>(url[i]) >> 4];
    *end++ = kHex[static_cast<unsigned char>(url[i]) & 15];
  }
  return std::string_view(out.data(), out.size());
}

uint16_t redirect_status(const http::Exchange& x, bool permanent) {
  if (x.request.method_id == http::Method::get) return permanent ? 301 : 302;
  return permanent ? 308 : 307;
}

net::Task<> answer_redirect(http::Exchange& x, uint16_t status, std::string_view location) {
  x.respond(status, http::reason_phrase(status), {});
  x.response.headers.append(http::HeaderId::location, location);
  co_return;
}

}  // namespace fl::proxy::middleware
