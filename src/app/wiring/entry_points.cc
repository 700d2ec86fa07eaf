#include "app/wiring/entry_points.h"

#include <fmt/format.h>
#include <unistd.h>

#include "base/strings.h"
#include "config/address.h"

namespace fl::app {
namespace {

namespace statics = config::statics;

std::string machine_name() {
  char name[256] = {};
  return ::gethostname(name, sizeof name - 1) == 0 ? name : "localhost";
}

Result<std::vector<net::Cidr>> networks(const std::vector<std::string>& texts, std::string_view option) {
  std::vector<net::Cidr> out;
  for (const std::string& text : texts) {
    auto network = net::Cidr::parse(text);
    if (!network) return tl::make_unexpected(std::move(network).error().context(option));
    out.push_back(*network);
  }
  return out;
}

Result<EntryPointWiring> wire(const std::string& name, const statics::EntryPoint& entry_point,
                              const statics::Configuration& configuration, uint32_t index) {
  const std::string prefix = "entryPoints." + name;
  EntryPointWiring wiring;
  proxy::EntryPointOptions& options = wiring.options;
  options.name = name;
  options.index = index;
  options.trust_all = entry_point.forwarded_headers.insecure;
  FL_TRY(options.trusted, networks(entry_point.forwarded_headers.trusted_ips, prefix + ".forwardedHeaders.trustedIPs"));
  options.connection_fields = entry_point.forwarded_headers.connection;
  options.append_forwarded_for =
      !entry_point.forwarded_headers.not_append_x_forwarded_for && !configuration.global.not_append_x_forwarded_for;
  options.add_scheme_headers = entry_point.forwarded_headers.add_x_forwarded_scheme_headers;
  const statics::EncodedCharacters& encoded = entry_point.http.encoded_characters;
  options.encoded_characters = {.slash = encoded.allow_encoded_slash,
                                .back_slash = encoded.allow_encoded_back_slash,
                                .null_character = encoded.allow_encoded_null_character,
                                .semicolon = encoded.allow_encoded_semicolon,
                                .percent = encoded.allow_encoded_percent,
                                .question_mark = encoded.allow_encoded_question_mark,
                                .hash = encoded.allow_encoded_hash};
  options.encode_query_semicolons = entry_point.http.encode_query_semicolons;
  options.sanitize_path = entry_point.http.sanitize_path;
  const std::string strategy = to_lower(entry_point.http.underscore_headers_strategy);
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
  if (entry_point.proxy_protocol) {
    ProxyProtocolTrust trust{.everyone = entry_point.proxy_protocol->insecure, .networks = {}};
    FL_TRY(trust.networks, networks(entry_point.proxy_protocol->trusted_ips, prefix + ".proxyProtocol.trustedIPs"));
    wiring.proxy_protocol = std::move(trust);
  }
  return wiring;
}

}  // namespace

Result<std::vector<EntryPointWiring>> wire_entry_points(const statics::Configuration& configuration) {
  std::vector<EntryPointWiring> out;
  for (const auto& [name, entry_point] : configuration.entry_points) {
    FL_TRY(const config::Address address, config::parse_address(entry_point.address));
    if (address.protocol != config::Address::Protocol::tcp)
      return fail(Code::invalid, fmt::format("entryPoints.{}: UDP entry points are not supported by this version of "
                                             "fairlead yet",
                                             name));
    FL_TRY(auto wiring, wire(name, entry_point, configuration, static_cast<uint32_t>(out.size())));
    out.push_back(std::move(wiring));
  }
  return out;
}

Result<std::optional<telemetry::AccessLogOptions>> wire_access_log(const statics::Configuration& configuration) {
  if (!configuration.access_log) return std::nullopt;
  const statics::AccessLog& from = *configuration.access_log;
  using Format = telemetry::AccessLogOptions::Format;
  using telemetry::FieldMode;
  const auto mode = [](const std::string& text) {
    const std::string lower = to_lower(text);
    return lower == "drop" ? FieldMode::drop : lower == "redact" ? FieldMode::redact : FieldMode::keep;
  };
  telemetry::AccessLogOptions to;
  to.file_path = from.file_path;
  const std::string format = to_lower(from.format);
  to.format = format == "json" ? Format::json : format == "genericclf" ? Format::generic_clf : Format::common;
  to.add_internals = from.add_internals;
  for (const std::string& text : from.filters.status_codes) {
    FL_TRY(const auto range, telemetry::StatusRange::parse(text));
    to.status_codes.push_back(range);
  }
  to.retry_attempts = from.filters.retry_attempts;
  to.min_duration = from.filters.min_duration;
  to.default_mode = mode(from.fields.default_mode);
  for (const auto& [name, value] : from.fields.names) to.names.emplace_back(name, mode(value));
  to.default_header_mode = mode(from.fields.headers.default_mode);
  for (const auto& [name, value] : from.fields.headers.names) to.header_names.emplace_back(name, mode(value));
  to.keep_query = mode(from.fields.query_parameters.default_mode) == FieldMode::keep;
  return to;
}

std::optional<telemetry::MetricsOptions> wire_metrics(const statics::Configuration& configuration) {
  if (!configuration.metrics.prometheus) return std::nullopt;
  const statics::Prometheus& from = *configuration.metrics.prometheus;
  telemetry::MetricsOptions to{.add_internals = configuration.metrics.add_internals,
                               .entry_points = from.add_entry_points_labels,
                               .routers = from.add_routers_labels,
                               .services = from.add_services_labels,
                               .buckets = from.buckets,
                               .header_labels = {}};
  for (const auto& [label, header] : from.header_labels) to.header_labels.emplace_back(label, header);
  return to;
}

}  // namespace fl::app
