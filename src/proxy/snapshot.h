// The compiled dynamic configuration: what each entry point does with a connection and with a request. Immutable;
// published to every worker; a request keeps the one it started with. Parts whose input did not change are shared with
// the snapshot before.
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "http/exchange.h"
#include "proxy/routing/router_table.h"
#include "proxy/tcp/router_table.h"
#include "proxy/tls_hosts.h"
#include "proxy/udp/service.h"
#include "tls/server_tls.h"

namespace fl::proxy {

// One HTTP router on one entry point, ready to serve.
struct RouterSnapshot {
  std::string name;                              // "web@file"
  std::string service;                           // "app@file"
  std::shared_ptr<const http::Handler> handler;  // middlewares, then the service
  bool log = true;
  bool count = true;
  bool internal = false;  // its service is an @internal one
};

struct HttpRouters {
  routing::RouterTable table;  // ids are positions in `routers`
  std::vector<std::shared_ptr<const RouterSnapshot>> routers;
};

struct EntryPointSnapshot {
  HttpRouters http;   // for requests in the clear
  HttpRouters https;  // for requests over TLS
  TlsHosts tls_hosts;
  tcp::RouterTable tcp;      // for connections in the clear
  tcp::RouterTable tcp_tls;  // for TLS connections
};

struct UdpEntryPointSnapshot {
  std::string router;       // "dns@file"
  udp::ServicePtr service;  // null: nobody listens
};

struct Snapshot {
  uint64_t version = 0;
  std::vector<EntryPointSnapshot> entry_points;         // in the order of the static configuration, without UDP ones
  std::vector<UdpEntryPointSnapshot> udp_entry_points;  // likewise, UDP ones only
  std::shared_ptr<const tls::ServerTls> tls;            // never null in what SnapshotBuilder made
};

}  // namespace fl::proxy
