// The dynamic configuration of one provider, or after merge() of all of them: routers, services, middlewares and
// certificates by name. Plain data, copied and compared by value.
#pragma once

#include <string>
#include <vector>

#include "config/dynamic/http.h"
#include "config/dynamic/middleware.h"
#include "config/dynamic/tcp.h"
#include "config/dynamic/tls.h"
#include "config/fields.h"

namespace fl::config::dynamic {

struct Http {
  Map<Router> routers;
  Map<Service> services;
  Map<Middleware> middlewares;
  Map<ServersTransport> servers_transports;
  bool operator==(const Http&) const = default;
};

struct Tcp {
  Map<TcpRouter> routers;
  Map<TcpService> services;
  Map<TcpMiddleware> middlewares;
  Map<TcpServersTransport> servers_transports;
  bool operator==(const Tcp&) const = default;
};

struct Udp {
  Map<UdpRouter> routers;
  Map<UdpService> services;
  bool operator==(const Udp&) const = default;
};

struct Tls {
  std::vector<TlsCertificate> certificates;
  Map<TlsOptions> options;
  Map<TlsStore> stores;
  bool operator==(const Tls&) const = default;
};

struct Configuration {
  Http http;
  Tcp tcp;
  Udp udp;
  Tls tls;
  bool operator==(const Configuration&) const = default;
};

void describe(Fields<Http>& f);
void describe(Fields<Tcp>& f);
void describe(Fields<Udp>& f);
void describe(Fields<Tls>& f);
void describe(Fields<Configuration>& f);

}  // namespace fl::config::dynamic
