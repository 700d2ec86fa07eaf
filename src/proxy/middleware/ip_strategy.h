// Which address a middleware takes for the client's: the peer's, or one of X-Forwarded-For (Traefik: ipStrategy).
// Immutable; any thread.
//
// Several X-Forwarded-For lines are read as one list (RFC 9110 5.3). Traefik reads the first only, which is the
// client's own when the proxy between adds a line rather than to the line.
#pragma once

#include <cstdint>
#include <optional>
#include <vector>

#include "base/result.h"
#include "config/dynamic/middleware.h"
#include "http/exchange.h"
#include "net/address.h"

namespace fl::proxy::middleware {

class IpStrategy {
 public:
  // Errors: a subnet length out of range, an excluded address that is none.
  static Result<IpStrategy> make(const std::optional<config::dynamic::IpStrategy>& options);

  // nullopt when X-Forwarded-For has too few addresses, or what stands there is none. With ipv6Subnet, an IPv6 address
  // is the first of its subnet.
  std::optional<net::IpAddress> client_of(const http::Exchange& exchange) const;

 private:
  int64_t depth_ = 0;  // from the right; 0: not by depth
  std::vector<net::Cidr> excluded_;
  int ipv6_prefix_ = 128;
};

}  // namespace fl::proxy::middleware
