// The address of an entry point. Pure; any thread.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "base/result.h"

namespace fl::config {

struct Address {
  enum class Protocol : uint8_t { tcp, udp };

  std::string host;   // without brackets; empty: every address of the machine
  uint16_t port = 0;  // 0: the system picks one
  Protocol protocol = Protocol::tcp;

  bool operator==(const Address&) const = default;
  // "[::1]:80" or ":53/udp"; tcp is not named.
  std::string to_text() const;
};

// "[host]:port[/tcp|/udp]", an IPv6 host in brackets, the protocol in any letter case (Traefik: entry point address).
// Errors: anything else.
Result<Address> parse_address(std::string_view text);

}  // namespace fl::config
