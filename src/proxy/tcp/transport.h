// How connections to the servers of a TCP service are made (Traefik: tcp.serversTransports). Immutable, shared.
#pragma once

#include <memory>
#include <optional>
#include <string>

#include "base/time.h"
#include "tls/client_context.h"

namespace fl::proxy::tcp {

struct Transport {
  std::string name;                                   // "default@internal"
  Duration dial_timeout = 30s;                        // 0: none
  Duration keep_alive = 15s;                          // between probes of the kernel; negative: none
  std::optional<Duration> termination_delay = 100ms;  // see net::RelayLimits
  Duration idle_timeout = 0s;                         // likewise
  int proxy_protocol = 0;                             // version of the header that is sent; 0: none
  std::shared_ptr<const tls::ClientContext> tls;      // for servers that want TLS
  bool operator==(const Transport&) const = default;
};

struct Server {
  std::string host;  // name or literal address, without brackets
  uint16_t port = 0;
  std::string address;  // as configured, for logs and the API
  bool tls = false;
  bool operator==(const Server&) const = default;
};

}  // namespace fl::proxy::tcp
