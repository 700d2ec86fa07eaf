#include "config/dynamic/tcp.h"

#include "config/schema.h"

namespace fl::config::dynamic {

void describe(Fields<TcpRouterTls>& f) {
  f("passthrough", &TcpRouterTls::passthrough, "pass the encrypted bytes on as they are", kPrintZero);
  f("options", &TcpRouterTls::options, "name of the TLS options; empty: default");
  f("certResolver", &TcpRouterTls::cert_resolver, "name of the certificates resolver");
  f("domains", &TcpRouterTls::domains, "names to get certificates for; without any, the rule's hosts");
}

void describe(Fields<TcpRouter>& f) {
  f("entryPoints", &TcpRouter::entry_points, "entry points to listen on; empty: the default ones");
  f("middlewares", &TcpRouter::middlewares, "middlewares, in the order a connection meets them");
  f("service", &TcpRouter::service, "service that takes the connection");
  f("rule", &TcpRouter::rule, "which connections the router takes: HostSNI(`a.test`)");
  f("ruleSyntax", &TcpRouter::rule_syntax, "rule language, v3");
  f("priority", &TcpRouter::priority, "higher is asked first; 0: the rule's length");
  f("tls", &TcpRouter::tls, "take TLS connections only; without it, plain ones only", kAllowEmpty);
}

void describe(Fields<TcpServer>& f) {
  f("address", &TcpServer::address, "host:port", kNoLabel);
  f("tls", &TcpServer::tls, "connect to it with TLS");
  f("port", &TcpServer::port, "port at the discovered address", kLabelOnly);
}

void describe(Fields<ServerProxyProtocol>& f) {
  f("version", &ServerProxyProtocol::version, "version of the PROXY protocol, 1 or 2");
}

void describe(Fields<TcpHealthCheck>& f) {
  f("port", &TcpHealthCheck::port, "port of the probe; 0: the server's");
  f("send", &TcpHealthCheck::send, "text to send");
  f("expect", &TcpHealthCheck::expect, "text to expect; without both, connecting is enough");
  f("interval", &TcpHealthCheck::interval, "time between two probes");
  f("unhealthyInterval", &TcpHealthCheck::unhealthy_interval, "the same while the server is down; unset: interval");
  f("timeout", &TcpHealthCheck::timeout, "longest time for an answer");
}

void describe(Fields<TcpLoadBalancer>& f) {
  f("proxyProtocol", &TcpLoadBalancer::proxy_protocol, "deprecated, use serversTransport", kAllowEmpty);
  f("servers", &TcpLoadBalancer::servers, "the servers").label_name = "server";
  f("serversTransport", &TcpLoadBalancer::servers_transport, "how connections are made; empty: default@internal");
  f("terminationDelay", &TcpLoadBalancer::termination_delay, "milliseconds; deprecated, use serversTransport");
  f("healthCheck", &TcpLoadBalancer::health_check, "probe the servers", kAllowEmpty);
}

void describe(Fields<TcpWeighted>& f) {
  f("services", &TcpWeighted::services, "services and their shares");
  f("healthCheck", &TcpWeighted::health_check, "pass the children's state upwards", kAllowEmpty);
}

void describe(Fields<TcpService>& f) {
  f("loadBalancer", &TcpService::load_balancer, "servers");
  f("weighted", &TcpService::weighted, "services, chosen by weight", kNoLabel);
}

void describe(Fields<InFlightConn>& f) {
  f("amount", &InFlightConn::amount, "connections of one client address at a time");
}

void describe(Fields<TcpIpAllowList>& f) {
  f("sourceRange", &TcpIpAllowList::source_range, "addresses and networks to let through");
}

void describe(Fields<TcpMiddleware>& f) {
  f("inFlightConn", &TcpMiddleware::in_flight_conn, "limit connections at a time");
  f("ipWhiteList", &TcpMiddleware::ip_white_list, "deprecated, use ipAllowList");
  f("ipAllowList", &TcpMiddleware::ip_allow_list, "let only some addresses through");
}

void describe(Fields<TlsClientConfig>& f) {
  f("serverName", &TlsClientConfig::server_name, "name to ask for and to check in the certificate");
  f("insecureSkipVerify", &TlsClientConfig::insecure_skip_verify, "do not check the servers' certificates");
  f("rootCAs", &TlsClientConfig::root_cas, "authorities to trust, files or PEM text; empty: the system's");
  f("certificates", &TlsClientConfig::certificates, "client certificates");
  f("peerCertURI", &TlsClientConfig::peer_cert_uri, "URI the certificate must hold");
  f("spiffe", &TlsClientConfig::spiffe, "SPIFFE identities", kAllowEmpty);
}

void describe(Fields<TcpServersTransport>& f) {
  f("dialKeepAlive", &TcpServersTransport::dial_keep_alive, "time between keep-alive probes; negative: none");
  f("dialTimeout", &TcpServersTransport::dial_timeout, "longest time to connect to a server; 0 is no limit");
  f("terminationDelay", &TcpServersTransport::termination_delay,
    "how long the second side may go on after the first has closed");
  f("idleTimeout", &TcpServersTransport::idle_timeout, "longest time without a byte either way; 0 is no limit",
    kFairleadOnly);
  f("proxyProtocol", &TcpServersTransport::proxy_protocol, "send the PROXY protocol", kAllowEmpty);
  f("tls", &TcpServersTransport::tls, "TLS to the servers", kAllowEmpty);
}

void describe(Fields<UdpRouter>& f) {
  f("entryPoints", &UdpRouter::entry_points, "entry points to listen on; empty: every UDP one");
  f("service", &UdpRouter::service, "service that takes the packets");
}

void describe(Fields<UdpServer>& f) {
  f("address", &UdpServer::address, "host:port", kNoLabel);
  f("port", &UdpServer::port, "port at the discovered address", kLabelOnly);
}

void describe(Fields<UdpLoadBalancer>& f) {
  f("servers", &UdpLoadBalancer::servers, "the servers").label_name = "server";
}

void describe(Fields<UdpWeighted>& f) { f("services", &UdpWeighted::services, "services and their shares"); }

void describe(Fields<UdpService>& f) {
  f("loadBalancer", &UdpService::load_balancer, "servers");
  f("weighted", &UdpService::weighted, "services, chosen by weight", kNoLabel);
}

}  // namespace fl::config::dynamic
