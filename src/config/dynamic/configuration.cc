#include "config/dynamic/configuration.h"

#include "config/schema.h"

namespace fl::config::dynamic {

void describe(Fields<Http>& f) {
  f("routers", &Http::routers, "which request goes to which service", kObjects);
  f("services", &Http::services, "who answers", kObjects);
  f("middlewares", &Http::middlewares, "what happens on the way", kObjects);
  f("serversTransports", &Http::servers_transports, "how connections to servers are made", kObjects);
}

void describe(Fields<Tcp>& f) {
  f("routers", &Tcp::routers, "which connection goes to which service", kObjects);
  f("services", &Tcp::services, "who takes it", kObjects);
  f("middlewares", &Tcp::middlewares, "what happens on the way", kObjects);
  f("serversTransports", &Tcp::servers_transports, "how connections to servers are made", kObjects | kNoLabel);
}

void describe(Fields<Udp>& f) {
  f("routers", &Udp::routers, "which entry point goes to which service", kObjects);
  f("services", &Udp::services, "who takes the packets", kObjects);
}

void describe(Fields<Tls>& f) {
  f("certificates", &Tls::certificates, "certificates", kObjects | kNoLabel);
  f("options", &Tls::options, "settings of TLS connections, by name", kObjects | kNoLabel);
  f("stores", &Tls::stores, "sets of certificates; only default is used", kObjects);
}

void describe(Fields<Configuration>& f) {
  f("http", &Configuration::http, "HTTP");
  f("tcp", &Configuration::tcp, "TCP");
  f("udp", &Configuration::udp, "UDP");
  f("tls", &Configuration::tls, "TLS");
  for (std::string_view name : {"entryPoints", "providers", "api", "log", "accessLog", "certificatesResolvers"})
    f.refused(name, "belongs to the static configuration, which is read once at start");
}

}  // namespace fl::config::dynamic
