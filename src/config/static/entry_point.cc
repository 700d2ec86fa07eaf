#include "config/static/entry_point.h"

#include "config/schema.h"

namespace fl::config {

void describe(Fields<Domain>& f) {
  f("main", &Domain::main, "first name of the certificate");
  f("sans", &Domain::sans, "further names of the certificate");
}

}  // namespace fl::config

namespace fl::config::statics {

void describe(Fields<RespondingTimeouts>& f) {
  f("readTimeout", &RespondingTimeouts::read_timeout, "longest time for a whole request, body included; 0 is no limit");
  f("writeTimeout", &RespondingTimeouts::write_timeout,
    "longest time from the end of the request's head to the end of the response; 0 is no limit");
  f("idleTimeout", &RespondingTimeouts::idle_timeout,
    "how long an idle keep-alive connection stays open; 0 is readTimeout");
}

void describe(Fields<LifeCycle>& f) {
  f("requestAcceptGraceTimeout", &LifeCycle::request_accept_grace_timeout,
    "after the stop signal, how long new requests are still taken (ping answers 503 meanwhile)");
  f("graceTimeOut", &LifeCycle::grace_time_out, "then how long active requests may take before they are cut");
}

void describe(Fields<Transport>& f) {
  f("lifeCycle", &Transport::life_cycle, "behaviour at stop");
  f("respondingTimeouts", &Transport::responding_timeouts, "time limits towards the client");
  f("keepAliveMaxRequests", &Transport::keep_alive_max_requests,
    "requests on one connection before it is closed; 0 is no limit");
  f("keepAliveMaxTime", &Transport::keep_alive_max_time, "age of a connection at which it is closed; 0 is no limit");
}

void describe(Fields<ProxyProtocol>& f) {
  f("insecure", &ProxyProtocol::insecure, "take a PROXY protocol header from anyone");
  f("trustedIPs", &ProxyProtocol::trusted_ips, "addresses and networks whose PROXY protocol header counts");
}

void describe(Fields<ForwardedHeaders>& f) {
  f("insecure", &ForwardedHeaders::insecure, "keep everyone's X-Forwarded-* headers");
  f("trustedIPs", &ForwardedHeaders::trusted_ips, "addresses and networks whose X-Forwarded-* headers are kept");
  f("connection", &ForwardedHeaders::connection, "header names a request's Connection header may list");
  f("notAppendXForwardedFor", &ForwardedHeaders::not_append_x_forwarded_for,
    "do not append the client's address to X-Forwarded-For");
  f("addXForwardedSchemeHeaders", &ForwardedHeaders::add_x_forwarded_scheme_headers,
    "also send X-Forwarded-Scheme and X-Scheme");
}

void describe(Fields<RedirectEntryPoint>& f) {
  f("to", &RedirectEntryPoint::to, "name of the entry point to redirect to, or :port");
  f("scheme", &RedirectEntryPoint::scheme, "scheme of the redirection");
  f("permanent", &RedirectEntryPoint::permanent, "301 or 308 instead of 302 or 307");
  f("priority", &RedirectEntryPoint::priority, "priority of the router that is made for it");
}

void describe(Fields<Redirections>& f) {
  f("entryPoint", &Redirections::entry_point, "send everything to another entry point");
}

void describe(Fields<EntryPointTls>& f) {
  f("options", &EntryPointTls::options, "name of the TLS options");
  f("certResolver", &EntryPointTls::cert_resolver, "name of the certificates resolver");
  f("domains", &EntryPointTls::domains, "names to get certificates for");
}

void describe(Fields<EntryPointHttp>& f) {
  f("redirections", &EntryPointHttp::redirections, "redirections of all requests");
  f("middlewares", &EntryPointHttp::middlewares, "middlewares put in front of every router's own (name@provider)");
  f("tls", &EntryPointHttp::tls, "default TLS of routers that have none", kAllowEmpty);
  f("encodedCharacters", &EntryPointHttp::encoded_characters, "encoded characters a path may hold; others give 400");
  f("encodeQuerySemicolons", &EntryPointHttp::encode_query_semicolons,
    "write ; in the query as %3B instead of taking it as &");
  f("sanitizePath", &EntryPointHttp::sanitize_path, "resolve . and .. and collapse // before routing");
  f("maxHeaderBytes", &EntryPointHttp::max_header_bytes, "largest request head; larger gives 431");
  f("underscoreHeadersStrategy", &EntryPointHttp::underscore_headers_strategy,
    "request headers with _ in the name: keep, delete or reject");
}

void describe(Fields<Http2>& f) {
  f("maxConcurrentStreams", &Http2::max_concurrent_streams, "streams a connection may have open");
  f("maxDecoderHeaderTableSize", &Http2::max_decoder_header_table_size, "HPACK table of the decoder, in bytes");
  f("maxEncoderHeaderTableSize", &Http2::max_encoder_header_table_size, "HPACK table of the encoder, in bytes");
  f("streamWindowSize", &Http2::stream_window_size,
    "bytes of a request's body that wait for its reader (fairlead's own)");
  f("connectionWindowSize", &Http2::connection_window_size, "the same of all requests together (fairlead's own)");
  f("handshakeTimeout", &Http2::handshake_timeout,
    "time to the end of the connection's preface and first SETTINGS; 0 is no limit (fairlead's own)");
  f("stallTimeout", &Http2::stall_timeout,
    "how long an answer, of HTTP/1.1 too, waits for a client that makes no room; 0 is no limit (fairlead's own)");
  f("maxHeaderBlockSize", &Http2::max_header_block_size, "coded bytes of a header block (fairlead's own)");
  f("maxContinuations", &Http2::max_continuations, "CONTINUATION frames of a header block (fairlead's own)");
  f("maxEmptyContinuations", &Http2::max_empty_continuations,
    "empty CONTINUATION frames of a connection (fairlead's own)");
  f("maxEmptyDataFrames", &Http2::max_empty_data_frames,
    "DATA frames a minute that neither carry nor end anything (fairlead's own)");
  f("maxResets", &Http2::max_resets,
    "unanswered requests that may be reset in 10 seconds when they are most of them (fairlead's own)");
  f("maxSettingsFrames", &Http2::max_settings_frames, "SETTINGS frames a minute (fairlead's own)");
  f("maxPings", &Http2::max_pings, "PING frames in 10 seconds (fairlead's own)");
  f("maxUnknownBytes", &Http2::max_unknown_bytes, "bytes a minute of frames of unknown types (fairlead's own)");
  f("maxGlitches", &Http2::max_glitches,
    "frames that are legal but odd, halved each minute; no new streams from three quarters on (fairlead's own)");
}

void describe(Fields<Udp>& f) {
  f("timeout", &Udp::timeout, "how long an idle session lives");
  f("maxSessions", &Udp::max_sessions, "sessions of one worker at a time; clients beyond are not served",
    kFairleadOnly);
}

void describe(Fields<EntryPointObservability>& f) {
  f("accessLogs", &EntryPointObservability::access_logs, "routers write access logs");
  f("metrics", &EntryPointObservability::metrics, "routers count metrics");
  f("tracing", &EntryPointObservability::tracing, "routers make traces", kUnsupported);
  f("traceVerbosity", &EntryPointObservability::trace_verbosity, "minimal or detailed", kUnsupported);
}

void describe(Fields<EntryPoint>& f) {
  f("address", &EntryPoint::address, "where to listen: [host]:port[/tcp|/udp]");
  f("allowACMEByPass", &EntryPoint::allow_acme_by_pass, "let routers answer ACME challenges themselves", kUnsupported);
  f("reusePort", &EntryPoint::reuse_port, "let other processes listen on the same port (SO_REUSEPORT)");
  f("asDefault", &EntryPoint::as_default, "routers that name no entry point use this one");
  f("transport", &EntryPoint::transport, "connections");
  f("proxyProtocol", &EntryPoint::proxy_protocol, "read the PROXY protocol", kAllowEmpty);
  f("forwardedHeaders", &EntryPoint::forwarded_headers, "trust in X-Forwarded-* headers");
  f("http", &EntryPoint::http, "what is done to every HTTP request");
  f("http2", &EntryPoint::http2, "HTTP/2 limits");
  f.unsupported("http3", "HTTP/3 on the same port");
  f("udp", &EntryPoint::udp, "UDP sessions");
  f("observability", &EntryPoint::observability, "defaults of the entry point's routers");
}

}  // namespace fl::config::statics
