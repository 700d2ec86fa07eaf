#include "http/grammar.h"

#include <arpa/inet.h>

#include <algorithm>
#include <cstdint>
#include <cstring>

#include "http/h1/scan.h"

namespace fl::http {
namespace {

bool is_host_char(char c) { return is_alnum(c) || std::string_view("-._~").find(c) != std::string_view::npos; }

bool is_port(std::string_view digits) {
  uint32_t port = 0;
  for (const char c : digits) {
    if (!is_digit(c)) return false;
    port = port * 10 + static_cast<uint32_t>(c - '0');
    if (port > 65535) return false;
  }
  return true;
}

bool is_ipv6(std::string_view text) {
  std::array<char, INET6_ADDRSTRLEN> copy{};
  if (text.size() >= copy.size() || text.find('\0') != text.npos) return false;
  std::memcpy(copy.data(), text.data(), text.size());
  in6_addr address;
  return inet_pton(AF_INET6, copy.data(), &address) == 1;
}

}  // namespace

bool is_token(std::string_view s) { return !s.empty() && std::ranges::all_of(s, is_token_char); }

bool is_field_value(std::string_view s) {
  const char* const end = s.data() + s.size();
  return h1::find_control(s.data(), end) == end;
}

bool is_authority(std::string_view s) {
  size_t host_end = 0;
  if (s.starts_with('[')) {
    const size_t bracket = s.find(']');
    if (bracket == s.npos || !is_ipv6(s.substr(1, bracket - 1))) return false;
    host_end = bracket + 1;
  } else {
    while (host_end < s.size() && is_host_char(s[host_end])) ++host_end;
    if (host_end == 0) return false;
  }
  if (host_end == s.size()) return true;
  return s[host_end] == ':' && is_port(s.substr(host_end + 1));
}

}  // namespace fl::http
