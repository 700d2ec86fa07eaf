// Where a server is and how to talk to it: the identity that connection pools are keyed by. Immutable, shared by
// snapshots; two services that name the same server with the same transport share one.
#pragma once

#include <cstdint>
#include <memory>
#include <string>

#include "base/time.h"
#include "proxy/slots.h"
#include "tls/client_context.h"

namespace fl::proxy {

struct TransportSpec {
  std::string name;  // "default@internal"
  Duration dial_timeout = 30s;
  Duration response_header_timeout = 0s;  // 0: none
  Duration idle_timeout = 90s;
  Duration read_idle_timeout = 0s;                // of HTTP/2: silence after which the server is pinged; 0: never
  Duration ping_timeout = 15s;                    // of HTTP/2: for the answer to that
  int64_t max_idle_per_host = 200;                // a worker; 0 or less: connections are not reused
  std::shared_ptr<const tls::ClientContext> tls;  // for https servers; null when there are none
  bool operator==(const TransportSpec&) const = default;
};

struct UpstreamSpec {
  std::string host;  // name or literal address, without brackets
  uint16_t port = 0;
  std::string host_header;  // "10.0.0.5:8080", the port left out when it is the scheme's own
  std::string address;      // "10.0.0.5:8080"
  bool secure = false;      // https
  bool http2 = false;       // h2c: HTTP/2 without being asked; https may agree on it
  TransportSpec transport;
  Slot slot;  // of each worker's table of upstreams
};

}  // namespace fl::proxy
