#include "app/wiring/wire.h"

#include <unistd.h>

#include <algorithm>

#include "config/address.h"
#include "providers/make_provider.h"

namespace fl::app {
namespace {

namespace statics = config::statics;

std::string machine_name() {
  char name[256] = {};
  return ::gethostname(name, sizeof name - 1) == 0 ? name : "localhost";
}

void complain(config::LoadedStatic& loaded, std::string path, std::string text) {
  loaded.issues.push_back({.where = loaded.place_of(path), .path = std::move(path), .text = std::move(text)});
}

// What `parse` makes of each text; what it does not understand becomes an issue.
template <class T>
std::vector<T> parse_all(const std::vector<std::string>& texts, Result<T> (*parse)(std::string_view), std::string path,
                         config::LoadedStatic& loaded) {
  std::vector<T> out;
  for (const std::string& text : texts) {
    if (auto value = parse(text))
      out.push_back(*std::move(value));
    else
      complain(loaded, path, value.error().message);
  }
  return out;
}

http::Http2Options wire_http2(const statics::Http2& from) {
  const auto number = [](int64_t n) { return static_cast<uint32_t>(n); };
  return {.max_concurrent_streams = number(from.max_concurrent_streams),
          .decoder_table_bytes = number(from.max_decoder_header_table_size),
          .encoder_table_bytes = number(from.max_encoder_header_table_size),
          .stream_window_bytes = number(from.stream_window_size),
          .connection_window_bytes = number(from.connection_window_size),
          .handshake_timeout = from.handshake_timeout,
          .stall_timeout = from.stall_timeout,
          .max_coded_header_bytes = number(from.max_header_block_size),
          .max_continuations = number(from.max_continuations),
          .max_empty_continuations = number(from.max_empty_continuations),
          .max_empty_data = number(from.max_empty_data_frames),
          .max_resets = number(from.max_resets),
          .max_settings = number(from.max_settings_frames),
          .max_pings = number(from.max_pings),
          .max_unknown_bytes = number(from.max_unknown_bytes),
          .max_glitches = number(from.max_glitches)};
}

EntryPointWiring wire_udp(const std::string& name, const statics::EntryPoint& entry_point, uint32_t index) {
  EntryPointWiring wiring;
  wiring.options.name = name;
  wiring.udp = {.index = index,
                .timeout = entry_point.udp.timeout,
                .max_sessions = static_cast<size_t>(entry_point.udp.max_sessions)};
  return wiring;
}

EntryPointWiring wire_entry_point(const std::string& name, const statics::EntryPoint& entry_point, uint32_t index,
                                  config::LoadedStatic& loaded) {
  const std::string prefix = "entryPoints." + name;
  EntryPointWiring wiring;
  proxy::EntryPointOptions& options = wiring.options;
  options.name = name;
  options.index = index;
  options.trust_all = entry_point.forwarded_headers.insecure;
  options.trusted = parse_all(entry_point.forwarded_headers.trusted_ips, net::Cidr::parse,
                              prefix + ".forwardedHeaders.trustedIPs", loaded);
  options.connection_fields = entry_point.forwarded_headers.connection;
  options.append_forwarded_for = !entry_point.forwarded_headers.not_append_x_forwarded_for &&
                                 !loaded.configuration.global.not_append_x_forwarded_for;
  options.add_scheme_headers = entry_point.forwarded_headers.add_x_forwarded_scheme_headers;
  options.encoded_characters = proxy::routing::allowed_by(entry_point.http.encoded_characters);
  options.encode_query_semicolons = entry_point.http.encode_query_semicolons;
  options.sanitize_path = entry_point.http.sanitize_path;
  const std::string& strategy = entry_point.http.underscore_headers_strategy;
  if (strategy == "delete")
    options.underscore_headers = proxy::UnderscoreHeaders::delete_;
  else if (strategy == "reject")
    options.underscore_headers = proxy::UnderscoreHeaders::reject;
  options.server_name = machine_name();

  const statics::Transport& transport = entry_point.transport;
  wiring.server.head.max_head_bytes = static_cast<uint32_t>(entry_point.http.max_header_bytes);
  wiring.server.read_timeout = transport.responding_timeouts.read_timeout;
  wiring.server.write_timeout = transport.responding_timeouts.write_timeout;
  wiring.server.idle_timeout = transport.responding_timeouts.idle_timeout;
  wiring.server.max_requests = static_cast<uint64_t>(std::max<int64_t>(0, transport.keep_alive_max_requests));
  wiring.server.max_age = transport.keep_alive_max_time;
  wiring.server.http2 = wire_http2(entry_point.http2);
  wiring.acceptor.entry_point = index;
  wiring.acceptor.first_byte_timeout = transport.responding_timeouts.read_timeout;
  if (entry_point.proxy_protocol) {
    proxy::ProxyProtocolTrust trust{.everyone = entry_point.proxy_protocol->insecure, .networks = {}};
    trust.networks = parse_all(entry_point.proxy_protocol->trusted_ips, net::Cidr::parse,
                               prefix + ".proxyProtocol.trustedIPs", loaded);
    wiring.acceptor.proxy_protocol = std::move(trust);
  }
  return wiring;
}

telemetry::AccessLogOptions wire_access_log(const statics::AccessLog& from, config::LoadedStatic& loaded) {
  using Format = telemetry::AccessLogOptions::Format;
  using telemetry::FieldMode;
  const auto mode = [](std::string_view text) {
    return text == "drop" ? FieldMode::drop : text == "redact" ? FieldMode::redact : FieldMode::keep;
  };
  telemetry::AccessLogOptions to;
  to.file_path = from.file_path;
  to.format = from.format == "json" ? Format::json : from.format == "genericCLF" ? Format::generic_clf : Format::common;
  to.add_internals = from.add_internals;
  to.status_codes =
      parse_all(from.filters.status_codes, http::StatusRange::parse, "accessLog.filters.statusCodes", loaded);
  to.retry_attempts = from.filters.retry_attempts;
  to.min_duration = from.filters.min_duration;
  to.default_mode = mode(from.fields.default_mode);
  for (const auto& [name, value] : from.fields.names) to.names.emplace_back(name, mode(value));
  to.default_header_mode = mode(from.fields.headers.default_mode);
  for (const auto& [name, value] : from.fields.headers.names) to.header_names.emplace_back(name, mode(value));
  to.keep_query = mode(from.fields.query_parameters.default_mode) == FieldMode::keep;
  return to;
}

telemetry::MetricsOptions wire_metrics(const statics::Metrics& metrics) {
  const statics::Prometheus& from = *metrics.prometheus;
  telemetry::MetricsOptions to{.add_internals = metrics.add_internals,
                               .entry_points = from.add_entry_points_labels,
                               .routers = from.add_routers_labels,
                               .services = from.add_services_labels,
                               .buckets = from.buckets,
                               .header_labels = {}};
  for (const auto& [label, header] : from.header_labels) to.header_labels.emplace_back(label, header);
  return to;
}

}  // namespace

Wiring wire(config::LoadedStatic& loaded) {
  const statics::Configuration& configuration = loaded.configuration;
  Wiring out;
  uint32_t tcp = 0, udp = 0;
  for (const auto& [name, entry_point] : configuration.entry_points) {
    const auto address = config::parse_address(entry_point.address);
    const bool is_udp = address && address->protocol == config::Address::Protocol::udp;
    out.entry_points.push_back(is_udp ? wire_udp(name, entry_point, udp++)
                                      : wire_entry_point(name, entry_point, tcp++, loaded));
  }
  if (configuration.access_log) out.access_log = wire_access_log(*configuration.access_log, loaded);
  if (const auto& names = configuration.host_resolver; names && names->cname_flattening)
    out.host_resolver =
        net::AliasOptions{.resolv_conf = names->resolv_config, .depth = static_cast<size_t>(names->resolv_depth)};
  if (configuration.metrics.prometheus) out.metrics = wire_metrics(configuration.metrics);
  if (const auto& ecs = configuration.providers.ecs)
    if (const auto ok = providers::check_ecs_options(*ecs); !ok) {
      const std::string& message = ok.error().message;  // "providers.ecs.constraints: rule:1:1: ..."
      const size_t end = message.find(": ");
      complain(loaded, message.substr(0, end), message.substr(end + 2));
    }
  return out;
}

}  // namespace fl::app
