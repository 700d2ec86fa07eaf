#include "proxy/build/server_url.h"

#include <fmt/format.h>

#include "base/strings.h"

namespace fl::proxy {

Result<ServerUrl> parse_server_url(std::string_view text) {
  const auto bad = [text](std::string_view why) {
    return fail(Code::invalid,
                fmt::format("error parsing server URL {}: {} (example: http://10.0.0.5:8080)", text, why));
  };
  ServerUrl url;
  const size_t colon = text.find("://");
  if (colon == text.npos || colon == 0) return bad("no scheme such as http://");
  url.scheme = to_lower(text.substr(0, colon));
  std::string_view rest = text.substr(colon + 3);
  for (const char c : rest)
    if (static_cast<unsigned char>(c) <= ' ' || c == 0x7f) return bad("it contains a space or control character");
  if (rest.find_first_of("?#") != rest.npos) return bad("a server has no query or fragment");
  const size_t slash = rest.find('/');
  if (slash != rest.npos) {
    url.path = rest.substr(slash);
    while (!url.path.empty() && url.path.back() == '/') url.path.pop_back();
    rest = rest.substr(0, slash);
  }
  if (rest.find('@') != rest.npos) return bad("user and password are not used for servers");
  std::string_view port;
  if (rest.starts_with('[')) {
    const size_t end = rest.find(']');
    if (end == rest.npos) return bad("missing ']'");
    url.host = rest.substr(1, end - 1);
    rest = rest.substr(end + 1);
    if (!rest.empty() && rest[0] != ':') return bad("only a port may follow ']'");
    if (!rest.empty()) port = rest.substr(1);
  } else {
    const size_t at = rest.find(':');
    url.host = rest.substr(0, at);
    if (at != rest.npos) port = rest.substr(at + 1);
    if (url.host.find('%') != url.host.npos) return bad("a host has no percent-escapes");
  }
  if (url.host.empty()) return bad("no host");
  url.port = url.scheme == "https" ? 443 : 80;
  url.default_port = port.empty();
  if (!port.empty()) {
    const auto number = parse_uint(port);
    if (!number || *number == 0 || *number > 65535) return bad("the port must be 1 to 65535");
    url.default_port = url.port == *number;
    url.port = static_cast<uint16_t>(*number);
  }
  return url;
}

std::string ServerUrl::host_header() const {
  const std::string name = host.find(':') != host.npos ? fmt::format("[{}]", host) : host;
  return default_port ? name : fmt::format("{}:{}", name, port);
}

std::string ServerUrl::address() const {
  return host.find(':') != host.npos ? fmt::format("[{}]:{}", host, port) : fmt::format("{}:{}", host, port);
}

}  // namespace fl::proxy
