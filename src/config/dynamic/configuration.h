// The dynamic configuration of one provider, or after merge() of all of them: routers, services, middlewares and
// certificates by name. Plain data, compared by value; copies share the named objects until one changes them.
#pragma once

#include <string>
#include <vector>

#include "config/dynamic/http.h"
#include "config/dynamic/middleware.h"
#include "config/dynamic/tcp.h"
#include "config/dynamic/tls.h"
#include "config/fields.h"
#include "config/objects.h"

namespace fl::config::dynamic {

struct Http {
  Objects<Router> routers;
  Objects<Service> services;
  Objects<Middleware> middlewares;
  Objects<ServersTransport> servers_transports;
  bool operator==(const Http&) const = default;
};

struct Tcp {
  Objects<TcpRouter> routers;
  Objects<TcpService> services;
  Objects<TcpMiddleware> middlewares;
  Objects<TcpServersTransport> servers_transports;
  bool operator==(const Tcp&) const = default;
};

struct Udp {
  Objects<UdpRouter> routers;
  Objects<UdpService> services;
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
