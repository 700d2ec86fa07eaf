// entryPoints.<name>: one listener and what is done to every connection and request on it (Traefik: entry points).
// Plain data, filled once at start, read by every thread.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "base/time.h"
#include "config/domain.h"
#include "config/encoded_characters.h"
#include "config/fields.h"

namespace fl::config::statics {

struct RespondingTimeouts {
  Duration read_timeout = 60s;
  Duration write_timeout = 0s;
  Duration idle_timeout = 180s;
  bool operator==(const RespondingTimeouts&) const = default;
};

struct LifeCycle {
  Duration request_accept_grace_timeout = 0s;
  Duration grace_time_out = 10s;
  bool operator==(const LifeCycle&) const = default;
};

struct Transport {
  LifeCycle life_cycle;
  RespondingTimeouts responding_timeouts;
  int64_t keep_alive_max_requests = 0;
  Duration keep_alive_max_time = 0s;
  bool operator==(const Transport&) const = default;
};

struct ProxyProtocol {
  bool insecure = false;
  std::vector<std::string> trusted_ips;
  bool operator==(const ProxyProtocol&) const = default;
};

struct ForwardedHeaders {
  bool insecure = false;
  std::vector<std::string> trusted_ips;
  std::vector<std::string> connection;
  bool not_append_x_forwarded_for = false;
  bool add_x_forwarded_scheme_headers = false;
  bool operator==(const ForwardedHeaders&) const = default;
};

struct RedirectEntryPoint {
  std::string to;  // name of an entry point, or ":port"
  std::string scheme = "https";
  bool permanent = true;
  int64_t priority = 9223372036854775806;
  bool operator==(const RedirectEntryPoint&) const = default;
};

struct Redirections {
  std::optional<RedirectEntryPoint> entry_point;
  bool operator==(const Redirections&) const = default;
};

struct EntryPointTls {
  std::string options;
  std::string cert_resolver;
  std::vector<Domain> domains;
  bool operator==(const EntryPointTls&) const = default;
};

struct EntryPointHttp {
  std::optional<Redirections> redirections;
  std::vector<std::string> middlewares;
  std::optional<EntryPointTls> tls;
  EncodedCharacters<true> encoded_characters;
  bool encode_query_semicolons = false;
  bool sanitize_path = true;
  int64_t max_header_bytes = 1048576;
  std::string underscore_headers_strategy = "keep";  // keep, delete, reject
  bool operator==(const EntryPointHttp&) const = default;
};

struct Http2 {
  int64_t max_concurrent_streams = 250;
  int64_t max_decoder_header_table_size = 4096;
  int64_t max_encoder_header_table_size = 4096;
  // Ours: what a connection may take of us before it is ended.
  int64_t stream_window_size = 65535;
  int64_t connection_window_size = 1048576;
  Duration handshake_timeout = 10s;
  Duration stall_timeout = 60s;
  int64_t max_header_block_size = 65536;
  int64_t max_continuations = 16;
  int64_t max_empty_continuations = 10;
  int64_t max_empty_data_frames = 100;
  int64_t max_resets = 200;
  int64_t max_settings_frames = 100;
  int64_t max_pings = 1000;
  int64_t max_unknown_bytes = 1048576;
  int64_t max_glitches = 1000;
  bool operator==(const Http2&) const = default;
};

struct Udp {
  Duration timeout = 3s;
  int64_t max_sessions = 10'000;  // of one worker; not Traefik's
  bool operator==(const Udp&) const = default;
};

// What the routers of the entry point do unless they say otherwise.
struct EntryPointObservability {
  bool access_logs = true;
  bool metrics = true;
  bool tracing = true;
  std::string trace_verbosity = "minimal";
  bool operator==(const EntryPointObservability&) const = default;
};

struct EntryPoint {
  std::string address;  // "[host]:port[/tcp|/udp]", see parse_address in config/address.h
  bool allow_acme_by_pass = false;
  bool reuse_port = false;
  bool as_default = false;
  Transport transport;
  std::optional<ProxyProtocol> proxy_protocol;
  ForwardedHeaders forwarded_headers;
  EntryPointHttp http;
  Http2 http2;
  Udp udp;
  EntryPointObservability observability;
  bool operator==(const EntryPoint&) const = default;
};

void describe(Fields<RespondingTimeouts>& f);
void describe(Fields<LifeCycle>& f);
void describe(Fields<Transport>& f);
void describe(Fields<ProxyProtocol>& f);
void describe(Fields<ForwardedHeaders>& f);
void describe(Fields<RedirectEntryPoint>& f);
void describe(Fields<Redirections>& f);
void describe(Fields<EntryPointTls>& f);
void describe(Fields<EntryPointHttp>& f);
void describe(Fields<Http2>& f);
void describe(Fields<Udp>& f);
void describe(Fields<EntryPointObservability>& f);
void describe(Fields<EntryPoint>& f);

}  // namespace fl::config::statics
