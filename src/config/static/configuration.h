// The static configuration: everything that is read once at start, from a file, flags or the environment.
// Plain data; load_static() in config/load_static.h fills it. (`static` is a C++ keyword, hence namespace statics.)
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "base/time.h"
#include "config/fields.h"
#include "config/static/entry_point.h"
#include "config/static/observability.h"
#include "config/static/providers.h"

namespace fl::config::statics {

struct Global {
  bool check_new_version = true;
  bool send_anonymous_usage = false;
  bool not_append_x_forwarded_for = false;
  bool operator==(const Global&) const = default;
};

struct Core {
  std::string default_rule_syntax = "v3";
  bool operator==(const Core&) const = default;
};

struct HostResolver {
  bool cname_flattening = false;
  std::string resolv_config = "/etc/resolv.conf";
  int64_t resolv_depth = 5;
  bool operator==(const HostResolver&) const = default;
};

struct ForwardingTimeouts {
  Duration dial_timeout = 30s;
  Duration response_header_timeout = 0s;
  Duration idle_conn_timeout = 90s;
  bool operator==(const ForwardingTimeouts&) const = default;
};

// The transport of services that name none (default@internal).
struct ServersTransport {
  bool insecure_skip_verify = false;
  std::vector<std::string> root_cas;  // each a path, or PEM text
  int64_t max_idle_conns_per_host = 200;
  ForwardingTimeouts forwarding_timeouts;
  bool operator==(const ServersTransport&) const = default;
};

struct TcpServersTransport {
  Duration dial_keep_alive = 15s;
  Duration dial_timeout = 30s;
  Duration termination_delay = 0s;
  bool operator==(const TcpServersTransport&) const = default;
};

struct Api {
  std::string base_path = "/";
  bool insecure = false;
  bool dashboard = true;
  bool debug = false;
  bool disable_dashboard_ad = false;
  std::string dashboard_name;
  bool operator==(const Api&) const = default;
};

struct Ping {
  std::string entry_point = "traefik";
  bool manual_routing = false;
  int64_t terminating_status_code = 503;
  bool operator==(const Ping&) const = default;
};

struct Experimental {
  bool abort_on_plugin_failure = false;
  bool otlp_logs = false;
  bool knative = false;
  bool kubernetes_gateway = false;
  bool kubernetes_ingress_nginx = false;
  bool operator==(const Experimental&) const = default;
};

struct Ocsp {
  Map<std::string> responder_overrides;
  bool operator==(const Ocsp&) const = default;
};

// Not in Traefik.
struct TlsServer {
  std::string session_ticket_secret_file;
  std::string key_log_file;
  bool kernel_tls = false;
  bool operator==(const TlsServer&) const = default;
};

struct Configuration {
  Global global;
  ServersTransport servers_transport;
  TcpServersTransport tcp_servers_transport;
  Map<EntryPoint> entry_points;
  Providers providers;
  std::optional<Api> api;
  Metrics metrics;
  std::optional<Ping> ping;
  Log log;
  std::optional<AccessLog> access_log;
  std::optional<HostResolver> host_resolver;
  Experimental experimental;
  Core core;
  TlsServer tls_server;
  std::optional<Ocsp> ocsp;
  bool operator==(const Configuration&) const = default;
};

void describe(Fields<Global>& f);
void describe(Fields<Core>& f);
void describe(Fields<HostResolver>& f);
void describe(Fields<ForwardingTimeouts>& f);
void describe(Fields<ServersTransport>& f);
void describe(Fields<TcpServersTransport>& f);
void describe(Fields<Api>& f);
void describe(Fields<Ping>& f);
void describe(Fields<Experimental>& f);
void describe(Fields<Ocsp>& f);
void describe(Fields<TlsServer>& f);
void describe(Fields<Configuration>& f);

}  // namespace fl::config::statics
