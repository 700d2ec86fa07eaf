// http.routers, http.services and http.serversTransports of the dynamic configuration. Plain data; defaults are the
// initialisers. Source: Traefik, routing configuration.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "base/time.h"
#include "config/domain.h"
#include "config/fields.h"

namespace fl::config::dynamic {

struct RouterTls {
  std::string options;
  std::string cert_resolver;
  std::vector<Domain> domains;
  bool operator==(const RouterTls&) const = default;
};

// Unset: what the entry point says.
struct RouterObservability {
  std::optional<bool> access_logs;
  std::optional<bool> metrics;
  std::optional<bool> tracing;
  std::string trace_verbosity;  // minimal, detailed; empty: what the entry point says
  bool operator==(const RouterObservability&) const = default;
};

struct Router {
  std::vector<std::string> entry_points;
  std::vector<std::string> middlewares;
  std::string service;
  std::string rule;
  std::vector<std::string> parent_refs;
  std::string rule_syntax;
  int64_t priority = 0;  // 0: the rule's length in bytes
  std::optional<RouterTls> tls;
  std::optional<RouterObservability> observability;
  bool from_default_rule = false;  // no option: its provider made the rule, see proxy/middleware/router_loop.h
  bool operator==(const Router&) const = default;
};

struct Server {
  std::string url;
  std::optional<int64_t> weight;  // unset: 1
  bool preserve_path = false;
  bool fenced = false;
  std::string scheme;  // labels only: composed with the discovered address, empty is http
  std::string port;    // labels only
  bool operator==(const Server&) const = default;
};

struct Cookie {
  std::string name;  // empty: derived from the service's name
  bool secure = false;
  bool http_only = false;
  std::string same_site;  // none, lax, strict
  int64_t max_age = 0;    // seconds; 0: session; negative: delete
  std::string path = "/";
  std::string domain;
  bool operator==(const Cookie&) const = default;
};

struct Sticky {
  std::optional<Cookie> cookie;
  bool operator==(const Sticky&) const = default;
};

struct ServerHealthCheck {
  std::string scheme;
  std::string mode = "http";  // http, grpc
  std::string path;
  std::string method;
  int64_t status = 0;  // 0: 200 to 399
  int64_t port = 0;
  Duration interval = 30s;
  std::optional<Duration> unhealthy_interval;  // unset: interval
  Duration timeout = 5s;
  std::string hostname;
  bool follow_redirects = true;
  Map<std::string> headers;
  bool operator==(const ServerHealthCheck&) const = default;
};

struct PassiveHealthCheck {
  Duration failure_window = 10s;
  int64_t max_failed_attempts = 1;
  bool operator==(const PassiveHealthCheck&) const = default;
};

struct ResponseForwarding {
  Duration flush_interval = 100ms;  // negative: after each write
  bool operator==(const ResponseForwarding&) const = default;
};

struct LoadBalancer {
  std::vector<Server> servers;
  std::string strategy = "wrr";  // wrr, p2c, hrw, leasttime
  std::optional<Sticky> sticky;
  std::optional<ServerHealthCheck> health_check;
  std::optional<PassiveHealthCheck> passive_health_check;
  bool pass_host_header = true;
  ResponseForwarding response_forwarding;
  std::string servers_transport;  // empty: default@internal
  bool operator==(const LoadBalancer&) const = default;
};

// Present on a composite: the children's state is passed upwards.
struct HealthCheck {
  bool operator==(const HealthCheck&) const = default;
};

struct WeightedService {
  std::string name;
  int64_t weight = 1;
  bool operator==(const WeightedService&) const = default;
};

struct Weighted {
  std::vector<WeightedService> services;
  std::optional<Sticky> sticky;
  std::optional<HealthCheck> health_check;
  bool operator==(const Weighted&) const = default;
};

struct HighestRandomWeight {
  std::vector<WeightedService> services;
  std::optional<HealthCheck> health_check;
  bool operator==(const HighestRandomWeight&) const = default;
};

struct Mirror {
  std::string name;
  int64_t percent = 0;
  bool operator==(const Mirror&) const = default;
};

struct Mirroring {
  std::string service;
  bool mirror_body = true;
  int64_t max_body_size = -1;
  std::vector<Mirror> mirrors;
  std::optional<HealthCheck> health_check;
  bool operator==(const Mirroring&) const = default;
};

struct FailoverErrors {
  std::vector<std::string> status;  // codes and ranges: 500, 502-504
  int64_t max_request_body_bytes = -1;
  bool operator==(const FailoverErrors&) const = default;
};

struct Failover {
  std::string service;
  std::string fallback;
  std::optional<HealthCheck> health_check;
  std::optional<FailoverErrors> errors;
  bool operator==(const Failover&) const = default;
};

// Exactly one kind is set in a valid service; kind_of() in config/dynamic/kinds.h says which.
struct Service {
  std::optional<LoadBalancer> load_balancer;
  std::optional<HighestRandomWeight> highest_random_weight;
  std::optional<Weighted> weighted;
  std::optional<Mirroring> mirroring;
  std::optional<Failover> failover;
  std::vector<std::string> middlewares;
  bool operator==(const Service&) const = default;
};

// A certificate and its key: each a path, or PEM text.
struct KeyPair {
  std::string cert_file;
  std::string key_file;
  bool operator==(const KeyPair&) const = default;
};

struct PeerCertSan {
  std::string type;
  std::string value;
  bool operator==(const PeerCertSan&) const = default;
};

struct Spiffe {
  std::vector<std::string> ids;
  std::string trust_domain;
  bool operator==(const Spiffe&) const = default;
};

struct ForwardingTimeouts {
  Duration dial_timeout = 30s;
  Duration response_header_timeout = 0s;
  Duration idle_conn_timeout = 90s;
  Duration read_idle_timeout = 0s;
  Duration ping_timeout = 15s;
  bool operator==(const ForwardingTimeouts&) const = default;
};

struct ServersTransport {
  std::string server_name;
  bool insecure_skip_verify = false;
  std::vector<std::string> root_cas;  // each a path, or PEM text; empty: the system's
  std::vector<KeyPair> certificates;
  std::vector<std::string> cipher_suites;
  std::string min_version;
  std::string max_version;
  int64_t max_idle_conns_per_host = 0;  // 0: 2; negative: no reuse
  std::optional<ForwardingTimeouts> forwarding_timeouts;
  bool disable_http2 = false;
  std::string peer_cert_uri;
  std::vector<PeerCertSan> peer_cert_sans;
  std::optional<Spiffe> spiffe;
  bool operator==(const ServersTransport&) const = default;
};

void describe(Fields<RouterTls>& f);
void describe(Fields<RouterObservability>& f);
void describe(Fields<Router>& f);
void describe(Fields<Server>& f);
void describe(Fields<Cookie>& f);
void describe(Fields<Sticky>& f);
void describe(Fields<ServerHealthCheck>& f);
void describe(Fields<PassiveHealthCheck>& f);
void describe(Fields<ResponseForwarding>& f);
void describe(Fields<LoadBalancer>& f);
void describe(Fields<HealthCheck>& f);
void describe(Fields<WeightedService>& f);
void describe(Fields<Weighted>& f);
void describe(Fields<HighestRandomWeight>& f);
void describe(Fields<Mirror>& f);
void describe(Fields<Mirroring>& f);
void describe(Fields<FailoverErrors>& f);
void describe(Fields<Failover>& f);
void describe(Fields<Service>& f);
void describe(Fields<KeyPair>& f);
void describe(Fields<PeerCertSan>& f);
void describe(Fields<Spiffe>& f);
void describe(Fields<ForwardingTimeouts>& f);
void describe(Fields<ServersTransport>& f);

}  // namespace fl::config::dynamic
