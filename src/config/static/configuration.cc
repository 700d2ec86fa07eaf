#include "config/static/configuration.h"

#include "config/schema.h"

namespace fl::config::statics {

void describe(Fields<Global>& f) {
  f("checkNewVersion", &Global::check_new_version,
    "accepted for Traefik's sake and does nothing: fairlead never calls home");
  f("sendAnonymousUsage", &Global::send_anonymous_usage,
    "accepted for Traefik's sake and does nothing: fairlead never calls home");
  f("notAppendXForwardedFor", &Global::not_append_x_forwarded_for,
    "do not append the client's address to X-Forwarded-For, on every entry point");
}

void describe(Fields<Core>& f) {
  f("defaultRuleSyntax", &Core::default_rule_syntax, "rule language of routers that name none; only v3 is known");
}

void describe(Fields<HostResolver>& f) {
  f("cnameFlattening", &HostResolver::cname_flattening, "match Host rules against the name a CNAME leads to as well");
  f("resolvConfig", &HostResolver::resolv_config, "the file that names the name servers");
  f("resolvDepth", &HostResolver::resolv_depth, "longest chain of CNAMEs that is followed");
}

void describe(Fields<ForwardingTimeouts>& f) {
  f("dialTimeout", &ForwardingTimeouts::dial_timeout, "longest time to connect to a server; 0 is no limit");
  f("responseHeaderTimeout", &ForwardingTimeouts::response_header_timeout,
    "longest time to wait for a response's head; 0 is no limit");
  f("idleConnTimeout", &ForwardingTimeouts::idle_conn_timeout, "how long an idle connection to a server is kept");
}

void describe(Fields<ServersTransport>& f) {
  f("insecureSkipVerify", &ServersTransport::insecure_skip_verify, "do not check the servers' certificates");
  f("rootCAs", &ServersTransport::root_cas, "authorities to trust, files or PEM text; empty: the system's");
  f("maxIdleConnsPerHost", &ServersTransport::max_idle_conns_per_host,
    "idle connections kept to each server; negative: none");
  f("forwardingTimeouts", &ServersTransport::forwarding_timeouts, "time limits towards the servers");
  f.unsupported("spiffe", "SPIFFE identities");
}

void describe(Fields<TcpServersTransport>& f) {
  f("dialKeepAlive", &TcpServersTransport::dial_keep_alive, "time between keep-alive probes; negative: none");
  f("dialTimeout", &TcpServersTransport::dial_timeout, "longest time to connect to a server; 0 is no limit");
  f("terminationDelay", &TcpServersTransport::termination_delay,
    "how long the second side may go on after the first has closed; 0: 100ms");
  f.unsupported("tls", "TLS to TCP servers");
}

void describe(Fields<Api>& f) {
  f("basePath", &Api::base_path, "prefix of the API and the dashboard");
  f("insecure", &Api::insecure, "serve both on the entry point traefik, without authentication");
  f("dashboard", &Api::dashboard, "serve the dashboard");
  f("debug", &Api::debug, "serve /debug/vars and /debug/pprof/cmdline as well");
  f("disableDashboardAd", &Api::disable_dashboard_ad, "no advertisement on the dashboard");
  f("dashboardName", &Api::dashboard_name, "name shown on the dashboard");
}

void describe(Fields<Ping>& f) {
  f("entryPoint", &Ping::entry_point, "entry point that serves /ping");
  f("manualRouting", &Ping::manual_routing, "no router is made; write one to ping@internal");
  f("terminatingStatusCode", &Ping::terminating_status_code, "status while the proxy is stopping");
}

void describe(Fields<Experimental>& f) {
  f("abortOnPluginFailure", &Experimental::abort_on_plugin_failure, "stop when a plugin cannot be loaded",
    kUnsupported);
  f("otlpLogs", &Experimental::otlp_logs, "allow logs over OpenTelemetry", kUnsupported);
  f("knative", &Experimental::knative, "allow the Knative provider", kUnsupported);
  f("kubernetesGateway", &Experimental::kubernetes_gateway, "allow the Kubernetes Gateway provider", kUnsupported);
  f("kubernetesIngressNGINX", &Experimental::kubernetes_ingress_nginx, "allow the ingress-nginx provider",
    kUnsupported);
  f.unsupported("fastProxy", "another HTTP client towards servers");
  f.unsupported("plugins", "middlewares and providers fetched from the catalogue");
  f.unsupported("localPlugins", "middlewares and providers from local source");
  f.refused("http3", "gone since Traefik v3: use entryPoints.<name>.http3");
  f.refused("hub", "gone since Traefik v3: Traefik Hub's agent is a program of its own");
}

void describe(Fields<TlsServer>& f) {
  f("sessionTicketSecretFile", &TlsServer::session_ticket_secret_file,
    "secret of at least 32 bytes that keys of session tickets are made from; nodes that share it resume each other's "
    "sessions; empty: random keys",
    kFairleadOnly);
  f("keyLogFile", &TlsServer::key_log_file,
    "for debugging alone: secrets of every TLS connection are written there, so that whoever reads the file reads the "
    "traffic",
    kFairleadOnly);
  f("kernelTLS", &TlsServer::kernel_tls,
    "answers of 64 KiB and more are spliced to HTTP/1.1 clients of TLS 1.3, and encrypted by the kernel (its module "
    "tls); worth a try from Linux 6.11 on, and with network cards that encrypt",
    kFairleadOnly);
}

void describe(Fields<Ocsp>& f) {
  f("responderOverrides", &Ocsp::responder_overrides,
    "a responder to ask instead of this one, which certificates name: URL to URL");
}

// In the order a newcomer meets them.
void describe(Fields<Configuration>& f) {
  f("entryPoints", &Configuration::entry_points, "listeners, by name; without any there is http on :80");
  f("providers", &Configuration::providers, "where routers and services come from");
  f("api", &Configuration::api, "API and dashboard", kAllowEmpty);
  f("ping", &Configuration::ping, "health check of the proxy itself", kAllowEmpty);
  f("log", &Configuration::log, "the program's own log", kAllowEmpty);
  f("accessLog", &Configuration::access_log, "one line a request", kAllowEmpty);
  f("metrics", &Configuration::metrics, "metrics");
  f.unsupported("tracing", "traces");
  f.unsupported("certificatesResolvers", "certificates from ACME or Tailscale");
  f("serversTransport", &Configuration::servers_transport, "connections to servers of services that name no transport");
  f("tcpServersTransport", &Configuration::tcp_servers_transport, "the same for TCP services");
  f("tlsServer", &Configuration::tls_server, "TLS that is terminated here, as a whole", kFairleadOnly);
  f("hostResolver", &Configuration::host_resolver, "look up host names while routing", kAllowEmpty);
  f("global", &Configuration::global, "the program as a whole");
  f("core", &Configuration::core, "the core");
  f("experimental", &Configuration::experimental, "experiments");
  f.unsupported("spiffe", "SPIFFE identities");
  f("ocsp", &Configuration::ocsp, "staple answers of OCSP responders to the certificates shown", kAllowEmpty);
  f.refused("pilot", "gone since Traefik v3: Traefik Pilot was shut down");
  for (std::string_view name : {"http", "tcp", "udp", "tls"})
    f.refused(name, "belongs to the dynamic configuration: put it in a file and name that in providers.file");
}

}  // namespace fl::config::statics
