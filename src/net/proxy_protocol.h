// PROXY protocol headers, versions 1 (text) and 2 (binary): what a load balancer in front of us says about the client.
// Source: the HAProxy specification, "The PROXY protocol", versions 1 & 2. Pure; any thread; nothing is allocated by
// the parser. Whom to believe is the caller's business.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "net/address.h"

namespace fl::net {

// No header is longer: version 1 ends within 107 bytes, version 2 is refused above this size.
inline constexpr size_t kMaxProxyHeader = 4096;

struct ProxyHeader {
  enum class Status : uint8_t {
    incomplete,  // could still become a header: more bytes are needed
    none,        // does not begin like one: the bytes are the client's own
    done,        // complete; the connection's data begins after `size` bytes
    malformed,   // begins like one and breaks the rules: the connection must be closed
  };

  Status status = Status::none;
  // False for LOCAL, UNKNOWN, UNSPEC and unix sockets: the connection's own addresses stand.
  bool has_addresses = false;
  size_t size = 0;  // when done
  SocketAddress source{};
  SocketAddress destination{};

  bool operator==(const ProxyHeader&) const = default;
};

// `bytes` is all that was received so far; at most kMaxProxyHeader bytes of it are looked at. Extensions (TLV) of
// version 2 are skipped unread.
ProxyHeader parse_proxy_header(std::string_view bytes);

// A header for a TCP connection. Mixed families are written as IPv6, the IPv4 address mapped.
std::string write_proxy_header_v1(const SocketAddress& source, const SocketAddress& destination);
std::string write_proxy_header_v2(const SocketAddress& source, const SocketAddress& destination);

}  // namespace fl::net
