// tcp.* and udp.* of the dynamic configuration. Plain data; defaults are the initialisers.
// Source: Traefik, TCP and UDP routing.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "base/time.h"
#include "config/domain.h"
#include "config/dynamic/http.h"
#include "config/fields.h"

namespace fl::config::dynamic {

struct TcpRouterTls {
  bool passthrough = false;
  std::string options;
  std::string cert_resolver;
  std::vector<Domain> domains;
  bool operator==(const TcpRouterTls&) const = default;
};

struct TcpRouter {
  std::vector<std::string> entry_points;
  std::vector<std::string> middlewares;
  std::string service;
  std::string rule;
  std::string rule_syntax;
  int64_t priority = 0;
  std::optional<TcpRouterTls> tls;
  bool operator==(const TcpRouter&) const = default;
};

struct TcpServer {
  std::string address;
  bool tls = false;
  std::string port;  // labels only
  bool operator==(const TcpServer&) const = default;
};

// The PROXY protocol header sent to a server.
struct ServerProxyProtocol {
  int64_t version = 2;
  bool operator==(const ServerProxyProtocol&) const = default;
};

struct TcpHealthCheck {
  int64_t port = 0;
  std::string send;
  std::string expect;
  Duration interval = 30s;
  std::optional<Duration> unhealthy_interval;  // unset: interval
  Duration timeout = 5s;
  bool operator==(const TcpHealthCheck&) const = default;
};

struct TcpLoadBalancer {
  std::vector<TcpServer> servers;
  std::string servers_transport;
  std::optional<ServerProxyProtocol> proxy_protocol;  // deprecated
  std::optional<int64_t> termination_delay;           // milliseconds; deprecated
  std::optional<TcpHealthCheck> health_check;
  bool operator==(const TcpLoadBalancer&) const = default;
};

struct TcpWeighted {
  std::vector<WeightedService> services;
  std::optional<HealthCheck> health_check;
  bool operator==(const TcpWeighted&) const = default;
};

struct TcpService {
  std::optional<TcpLoadBalancer> load_balancer;
  std::optional<TcpWeighted> weighted;
  bool operator==(const TcpService&) const = default;
};

struct InFlightConn {
  int64_t amount = 0;
  bool operator==(const InFlightConn&) const = default;
};

struct TcpIpAllowList {
  std::vector<std::string> source_range;
  bool operator==(const TcpIpAllowList&) const = default;
};

struct TcpMiddleware {
  std::optional<InFlightConn> in_flight_conn;
  std::optional<TcpIpAllowList> ip_white_list;  // deprecated spelling of ipAllowList
  std::optional<TcpIpAllowList> ip_allow_list;
  bool operator==(const TcpMiddleware&) const = default;
};

struct TlsClientConfig {
  std::string server_name;
  bool insecure_skip_verify = false;
  std::vector<std::string> root_cas;
  std::vector<KeyPair> certificates;
  std::string peer_cert_uri;
  std::optional<Spiffe> spiffe;
  bool operator==(const TlsClientConfig&) const = default;
};

struct TcpServersTransport {
  Duration dial_keep_alive = 15s;
  Duration dial_timeout = 30s;
  Duration termination_delay = 100ms;
  Duration idle_timeout = 0s;  // not Traefik's
  std::optional<ServerProxyProtocol> proxy_protocol;
  std::optional<TlsClientConfig> tls;
  bool operator==(const TcpServersTransport&) const = default;
};

struct UdpRouter {
  std::vector<std::string> entry_points;
  std::string service;
  bool operator==(const UdpRouter&) const = default;
};

struct UdpServer {
  std::string address;
  std::string port;  // labels only
  bool operator==(const UdpServer&) const = default;
};

struct UdpLoadBalancer {
  std::vector<UdpServer> servers;
  bool operator==(const UdpLoadBalancer&) const = default;
};

struct UdpWeighted {
  std::vector<WeightedService> services;
  bool operator==(const UdpWeighted&) const = default;
};

struct UdpService {
  std::optional<UdpLoadBalancer> load_balancer;
  std::optional<UdpWeighted> weighted;
  bool operator==(const UdpService&) const = default;
};

void describe(Fields<TcpRouterTls>& f);
void describe(Fields<TcpRouter>& f);
void describe(Fields<TcpServer>& f);
void describe(Fields<ServerProxyProtocol>& f);
void describe(Fields<TcpHealthCheck>& f);
void describe(Fields<TcpLoadBalancer>& f);
void describe(Fields<TcpWeighted>& f);
void describe(Fields<TcpService>& f);
void describe(Fields<InFlightConn>& f);
void describe(Fields<TcpIpAllowList>& f);
void describe(Fields<TcpMiddleware>& f);
void describe(Fields<TlsClientConfig>& f);
void describe(Fields<TcpServersTransport>& f);
void describe(Fields<UdpRouter>& f);
void describe(Fields<UdpServer>& f);
void describe(Fields<UdpLoadBalancer>& f);
void describe(Fields<UdpWeighted>& f);
void describe(Fields<UdpService>& f);

}  // namespace fl::config::dynamic
