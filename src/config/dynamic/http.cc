#include "config/dynamic/http.h"

#include "config/schema.h"

namespace fl::config::dynamic {

void describe(Fields<RouterTls>& f) {
  f("options", &RouterTls::options, "name of the TLS options; empty: default");
  f("certResolver", &RouterTls::cert_resolver, "name of the certificates resolver");
  f("domains", &RouterTls::domains, "names to get certificates for; without any, the rule's hosts");
}

void describe(Fields<RouterObservability>& f) {
  f("accessLogs", &RouterObservability::access_logs, "write access logs; unset: as the entry point");
  f("metrics", &RouterObservability::metrics, "count metrics; unset: as the entry point");
  f("tracing", &RouterObservability::tracing, "make traces; unset: as the entry point", kNoEffect);
  f("traceVerbosity", &RouterObservability::trace_verbosity, "minimal or detailed; empty: as the entry point",
    kNoEffect);
}

void describe(Fields<Router>& f) {
  f("entryPoints", &Router::entry_points, "entry points to listen on; empty: the default ones");
  f("middlewares", &Router::middlewares, "middlewares, in the order a request meets them");
  f("service", &Router::service, "service that answers");
  f("rule", &Router::rule, "which requests the router takes: Host(`a.test`) && PathPrefix(`/api`)");
  f("parentRefs", &Router::parent_refs, "routers after whose middlewares this one is asked");
  f("ruleSyntax", &Router::rule_syntax, "rule language, v3");
  f("priority", &Router::priority, "higher is asked first; 0: the rule's length");
  f("tls", &Router::tls, "answer TLS requests only; without it, plain ones only", kAllowEmpty);
  f("observability", &Router::observability, "logs, metrics and traces of the router");
}

void describe(Fields<Server>& f) {
  f("url", &Server::url, "address: http, https or h2c");
  f("weight", &Server::weight, "share of the requests; unset: 1; 0: none");
  f("preservePath", &Server::preserve_path, "put the URL's path before the request's");
  f("fenced", &Server::fenced, "only requests with a sticky cookie reach it");
  f("scheme", &Server::scheme, "scheme towards the discovered address; empty: http", kLabelOnly);
  f("port", &Server::port, "port at the discovered address", kLabelOnly);
}

void describe(Fields<Cookie>& f) {
  f("name", &Cookie::name, "name of the cookie; empty: made from the service's name");
  f("secure", &Cookie::secure, "send it over TLS only");
  f("httpOnly", &Cookie::http_only, "hide it from scripts");
  f("sameSite", &Cookie::same_site, "none, lax or strict");
  f("maxAge", &Cookie::max_age, "seconds it lives; 0: until the browser closes; negative: delete it");
  f("path", &Cookie::path, "path it is sent for", kPrintZero);
  f("domain", &Cookie::domain, "hosts it is sent to");
}

void describe(Fields<Sticky>& f) { f("cookie", &Sticky::cookie, "remember the server in a cookie", kAllowEmpty); }

void describe(Fields<ServerHealthCheck>& f) {
  f("scheme", &ServerHealthCheck::scheme, "scheme of the probe; empty: the server's");
  f("mode", &ServerHealthCheck::mode, "http or grpc");
  f("path", &ServerHealthCheck::path, "path of the probe, a query may follow");
  f("method", &ServerHealthCheck::method, "method of the probe; empty: GET");
  f("status", &ServerHealthCheck::status, "status that is healthy; 0: 200 to 399");
  f("port", &ServerHealthCheck::port, "port of the probe; 0: the server's");
  f("interval", &ServerHealthCheck::interval, "time between two probes");
  f("unhealthyInterval", &ServerHealthCheck::unhealthy_interval, "the same while the server is down; unset: interval");
  f("timeout", &ServerHealthCheck::timeout, "longest time for an answer");
  f("hostname", &ServerHealthCheck::hostname, "Host of the probe; empty: the server's");
  f("followRedirects", &ServerHealthCheck::follow_redirects, "follow redirections", kPrintZero);
  f("headers", &ServerHealthCheck::headers, "header of the probe");
}

void describe(Fields<PassiveHealthCheck>& f) {
  f("failureWindow", &PassiveHealthCheck::failure_window,
    "time in which failures are counted, and time a server stays down");
  f("maxFailedAttempts", &PassiveHealthCheck::max_failed_attempts, "failures that take a server down");
}

void describe(Fields<ResponseForwarding>& f) {
  f("flushInterval", &ResponseForwarding::flush_interval,
    "time between two flushes of a body; negative: after each write");
}

void describe(Fields<LoadBalancer>& f) {
  f("sticky", &LoadBalancer::sticky, "keep a client on one server", kAllowEmpty);
  f("servers", &LoadBalancer::servers, "the servers").label_name = "server";
  f("strategy", &LoadBalancer::strategy, "wrr, p2c, hrw or leasttime");
  f("healthCheck", &LoadBalancer::health_check, "probe the servers");
  f("passiveHealthCheck", &LoadBalancer::passive_health_check, "watch the answers to real requests", kAllowEmpty);
  f("passHostHeader", &LoadBalancer::pass_host_header, "send the client's Host, else the server's", kPrintZero);
  f("responseForwarding", &LoadBalancer::response_forwarding, "how bodies are passed on");
  f("serversTransport", &LoadBalancer::servers_transport, "how connections are made; empty: default@internal");
}

void describe(Fields<HealthCheck>&) {}

void describe(Fields<WeightedService>& f) {
  f("name", &WeightedService::name, "service");
  f("weight", &WeightedService::weight, "its share; 0: none", kPrintZero);
}

void describe(Fields<Weighted>& f) {
  f("services", &Weighted::services, "services and their shares");
  f("sticky", &Weighted::sticky, "keep a client on one service", kAllowEmpty);
  f("healthCheck", &Weighted::health_check, "pass the children's state upwards", kAllowEmpty);
}

void describe(Fields<HighestRandomWeight>& f) {
  f("services", &HighestRandomWeight::services, "services and their shares");
  f("healthCheck", &HighestRandomWeight::health_check, "pass the children's state upwards", kAllowEmpty);
}

void describe(Fields<Mirror>& f) {
  f("name", &Mirror::name, "service");
  f("percent", &Mirror::percent, "share of the requests it gets a copy of");
}

void describe(Fields<Mirroring>& f) {
  f("service", &Mirroring::service, "service that answers");
  f("mirrorBody", &Mirroring::mirror_body, "copy the body as well", kPrintZero);
  f("maxBodySize", &Mirroring::max_body_size, "largest body that is copied, in bytes; -1: no limit", kPrintZero);
  f("mirrors", &Mirroring::mirrors, "services that get copies; their answers are dropped");
  f("healthCheck", &Mirroring::health_check, "pass the children's state upwards", kAllowEmpty);
}

void describe(Fields<FailoverErrors>& f) {
  f("status", &FailoverErrors::status, "codes and ranges that count as a failure: 500,502-504");
  f("maxRequestBodyBytes", &FailoverErrors::max_request_body_bytes,
    "largest body kept for the second try; -1: no limit", kPrintZero);
}

void describe(Fields<Failover>& f) {
  f("service", &Failover::service, "service that answers");
  f("fallback", &Failover::fallback, "service that answers while the first is down");
  f("healthCheck", &Failover::health_check, "pass the children's state upwards", kAllowEmpty);
  f("errors", &Failover::errors, "answers of the first that make the second be asked");
}

void describe(Fields<Service>& f) {
  f("loadBalancer", &Service::load_balancer, "servers");
  f("highestRandomWeight", &Service::highest_random_weight, "services, chosen by the client's address", kNoLabel);
  f("weighted", &Service::weighted, "services, chosen by weight", kNoLabel);
  f("mirroring", &Service::mirroring, "one service, and others that get copies", kNoLabel);
  f("failover", &Service::failover, "one service, and another for when it is down", kNoLabel);
  f("middlewares", &Service::middlewares, "middlewares in front of the service");
}

void describe(Fields<KeyPair>& f) {
  f("certFile", &KeyPair::cert_file, "certificate, a file or PEM text");
  f("keyFile", &KeyPair::key_file, "its key, a file or PEM text");
}

void describe(Fields<PeerCertSan>& f) {
  f("type", &PeerCertSan::type, "kind of name: DNSName or URI");
  f("value", &PeerCertSan::value, "the name");
}

void describe(Fields<Spiffe>& f) {
  f("ids", &Spiffe::ids, "SPIFFE identities to accept");
  f("trustDomain", &Spiffe::trust_domain, "SPIFFE trust domain to accept");
}

void describe(Fields<ForwardingTimeouts>& f) {
  f("dialTimeout", &ForwardingTimeouts::dial_timeout, "longest time to connect to a server; 0 is no limit");
  f("responseHeaderTimeout", &ForwardingTimeouts::response_header_timeout,
    "longest time to wait for a response's head; 0 is no limit");
  f("idleConnTimeout", &ForwardingTimeouts::idle_conn_timeout, "how long an idle connection is kept");
  f("readIdleTimeout", &ForwardingTimeouts::read_idle_timeout, "HTTP/2: silence after which a ping is sent; 0 never");
  f("pingTimeout", &ForwardingTimeouts::ping_timeout, "HTTP/2: longest time for the ping's answer");
}

void describe(Fields<ServersTransport>& f) {
  f("serverName", &ServersTransport::server_name, "name to ask for and to check in the certificate");
  f("insecureSkipVerify", &ServersTransport::insecure_skip_verify, "do not check the servers' certificates");
  f("rootCAs", &ServersTransport::root_cas, "authorities to trust, files or PEM text; empty: the system's");
  f("certificates", &ServersTransport::certificates, "client certificates");
  f("cipherSuites", &ServersTransport::cipher_suites, "TLS cipher suites, IANA names");
  f("minVersion", &ServersTransport::min_version, "lowest TLS version, VersionTLS10 to VersionTLS13");
  f("maxVersion", &ServersTransport::max_version, "highest TLS version");
  f("maxIdleConnsPerHost", &ServersTransport::max_idle_conns_per_host,
    "idle connections kept to each server; 0: 2; negative: none");
  f("forwardingTimeouts", &ServersTransport::forwarding_timeouts, "time limits");
  f("disableHTTP2", &ServersTransport::disable_http2, "never use HTTP/2");
  f("peerCertURI", &ServersTransport::peer_cert_uri, "URI the certificate must hold; deprecated, use peerCertSANs");
  f("peerCertSANs", &ServersTransport::peer_cert_sans, "names (DNSName or URI) of which the certificate must hold one");
  f("spiffe", &ServersTransport::spiffe, "SPIFFE identities", kAllowEmpty | kNoEffect);
}

}  // namespace fl::config::dynamic
