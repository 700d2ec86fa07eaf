#include "http/url.h"

#include <fmt/format.h>

#include <algorithm>

#include "base/strings.h"
#include "net/address.h"

namespace fl::http {
namespace {

bool is_host_char(char c) { return is_alnum(c) || c == '-' || c == '.' || c == '_'; }
// Visible ASCII but for what would end the target or the line early.
bool is_target_char(char c) { return c > ' ' && c < 0x7f && c != '"' && c != '<' && c != '>' && c != '\\' && c != '#'; }

// RFC 3986 5.2.4, of a path that begins with '/'.
std::string without_dot_segments(std::string_view path) {
  std::string out;
  while (!path.empty()) {
    const size_t end = std::min(path.find('/', 1), path.size());
    const std::string_view segment = path.substr(0, end);
    path.remove_prefix(end);
    const bool up = segment == "/..";
    if (up && !out.empty()) out.erase(out.rfind('/'));
    if (!up && segment != "/.")
      out += segment;
    else if (path.empty())
      out += '/';
  }
  return out;
}

// RFC 3986 3.1
bool has_scheme(std::string_view reference) {
  const size_t colon = reference.find(':');
  return colon != reference.npos && colon < reference.find_first_of("/?#") && colon > 0 && !is_digit(reference[0]) &&
         std::ranges::all_of(reference.substr(0, colon),
                             [](char c) { return is_alnum(c) || c == '+' || c == '-' || c == '.'; });
}

}  // namespace

Result<Url> Url::parse(std::string_view text) {
  const auto bad = [&](std::string_view why) {
    return fail(Code::invalid, fmt::format("\"{}\" is not a http or https URL: {}", text, why));
  };
  Url url;
  std::string_view rest = text;
  const size_t scheme_end = rest.find("://");
  if (scheme_end == rest.npos) return bad("no scheme");
  const std::string scheme = to_lower(rest.substr(0, scheme_end));
  if (scheme != "http" && scheme != "https") return bad("unknown scheme");
  url.https = scheme == "https";
  rest.remove_prefix(scheme_end + 3);

  const size_t authority_end = std::min(rest.find_first_of("/?#"), rest.size());
  std::string_view authority = rest.substr(0, authority_end);
  rest.remove_prefix(authority_end);
  if (authority.contains('@')) return bad("user names are not supported");

  std::string_view port;
  bool has_port = false;
  if (authority.starts_with('[')) {
    const size_t end = authority.find(']');
    if (end == authority.npos || !net::IpAddress::parse(authority.substr(1, end - 1))) return bad("bad IPv6 address");
    url.host = to_lower(authority.substr(1, end - 1));
    port = authority.substr(end + 1);
    if (!port.empty() && !port.starts_with(':')) return bad("text after the address");
    has_port = !port.empty();
    if (has_port) port.remove_prefix(1);
  } else {
    const size_t colon = authority.find(':');
    url.host = to_lower(authority.substr(0, colon));
    if (!std::ranges::all_of(url.host, is_host_char)) return bad("bad host name");
    has_port = colon != authority.npos;
    if (has_port) port = authority.substr(colon + 1);
  }
  if (url.host.empty()) return bad("no host");
  url.port = url.https ? 443 : 80;
  if (has_port) {
    const auto number = parse_uint(port);
    if (!number || *number == 0 || *number > 65535) return bad("bad port");
    url.port = static_cast<uint16_t>(*number);
  }

  if (!std::ranges::all_of(rest, is_target_char)) return bad("a character that must be percent-encoded");
  const size_t question = rest.find('?');
  url.path = std::string(rest.substr(0, question));
  if (url.path.empty()) url.path = "/";
  url.has_query = question != rest.npos;
  if (url.has_query) url.query = std::string(rest.substr(question + 1));
  return url;
}

std::string Url::authority() const {
  const std::string name = host.contains(':') ? fmt::format("[{}]", host) : host;
  return port == (https ? 443 : 80) ? name : fmt::format("{}:{}", name, port);
}

std::string Url::target() const { return has_query ? path + "?" + query : path; }

std::string Url::resolve(std::string_view reference) const {
  if (has_scheme(reference)) return std::string(reference);
  const std::string scheme = https ? "https:" : "http:";
  if (reference.starts_with("//")) return scheme + std::string(reference);
  const std::string origin = scheme + "//" + authority();
  const size_t behind_path = std::min(reference.find_first_of("?#"), reference.size());
  const std::string_view to = reference.substr(0, behind_path), rest = reference.substr(behind_path);
  if (!to.empty()) {
    const std::string whole = to.starts_with('/') ? std::string(to) : path.substr(0, path.rfind('/') + 1).append(to);
    return origin + without_dot_segments(whole).append(rest);
  }
  return (origin + (rest.starts_with('?') ? path : target())).append(rest);
}

std::string Url::to_string() const { return (https ? "https://" : "http://") + authority() + target(); }

}  // namespace fl::http
