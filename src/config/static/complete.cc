#include "config/static/complete.h"

#include <fmt/format.h>

#include <algorithm>
#include <initializer_list>
#include <span>

#include "base/strings.h"
#include "config/address.h"

namespace fl::config::statics {
namespace {

constexpr std::string_view kInternalEntryPoint = "traefik";

bool is_udp(const EntryPoint& entry_point) {
  const auto address = parse_address(entry_point.address);
  return address && address->protocol == Address::Protocol::udp;
}

class Validator {
 public:
  Validator(const Configuration& configuration, std::vector<Issue>& issues) : c_(configuration), issues_(issues) {}

  void run() {
    check_entry_points();
    check_providers();
    check_log();
    if (c_.host_resolver && c_.host_resolver->resolv_depth < 1) error("hostResolver.resolvDepth", "must be 1 or more");
    if (c_.access_log) check_access_log(*c_.access_log);
    if (c_.ping && !c_.ping->manual_routing) check_reference("ping.entryPoint", c_.ping->entry_point);
    if (c_.ping && (c_.ping->terminating_status_code < 100 || c_.ping->terminating_status_code > 599))
      error("ping.terminatingStatusCode", "is not an HTTP status");
    if (c_.metrics.prometheus) check_prometheus(*c_.metrics.prometheus);
    if (c_.ocsp)
      for (const auto& [responder, instead] : c_.ocsp->responder_overrides)
        if (instead.empty())
          error("ocsp.responderOverrides", fmt::format("the one for {} is empty: give a URL", responder));
    if (c_.api) check_base_path(c_.api->base_path);
    if (c_.core.default_rule_syntax == "v2")
      error("core.defaultRuleSyntax",
            "the rule language v2 is not supported; rewrite the rules in v3 and remove this option");
    else
      check_one_of("core.defaultRuleSyntax", c_.core.default_rule_syntax, {"v3"});
  }

 private:
  void check_entry_points() {
    std::vector<std::pair<Address, std::string_view>> taken;
    for (const auto& [name, entry_point] : c_.entry_points) {
      const std::string path = "entryPoints." + name;
      if (name.empty() || name.find('@') != name.npos) error(path, "a name is not empty and holds no @");
      const auto address = parse_address(entry_point.address);
      if (!address) {
        error(path + ".address", entry_point.address.empty() ? "is not set" : address.error().message);
      } else if (address->port != 0) {
        for (const auto& [other, other_name] : taken)
          if (other == *address && !entry_point.reuse_port)
            error(path + ".address", fmt::format("{} is taken by entry point {}", entry_point.address, other_name));
        taken.emplace_back(*address, name);
      }
      check_one_of(path + ".http.underscoreHeadersStrategy", entry_point.http.underscore_headers_strategy,
                   {"keep", "delete", "reject"});
      if (entry_point.http.max_header_bytes <= 0) error(path + ".http.maxHeaderBytes", "must be above 0");
      check_http2(path + ".http2", entry_point.http2);
      check_times(path + ".transport", entry_point.transport);
      if (entry_point.udp.timeout <= Duration::zero()) error(path + ".udp.timeout", "must be above 0");
      if (entry_point.udp.max_sessions <= 0) error(path + ".udp.maxSessions", "must be above 0");
      if (entry_point.http.redirections && entry_point.http.redirections->entry_point)
        check_redirection(path + ".http.redirections.entryPoint", *entry_point.http.redirections->entry_point);
    }
  }

  void check_http2(const std::string& path, const Http2& http2) {
    const std::pair<std::string_view, int64_t> numbers[] = {
        {".maxConcurrentStreams", http2.max_concurrent_streams},
        {".maxDecoderHeaderTableSize", http2.max_decoder_header_table_size},
        {".maxEncoderHeaderTableSize", http2.max_encoder_header_table_size},
        {".streamWindowSize", http2.stream_window_size},
        {".connectionWindowSize", http2.connection_window_size},
        {".maxHeaderBlockSize", http2.max_header_block_size},
        {".maxContinuations", http2.max_continuations},
        {".maxEmptyContinuations", http2.max_empty_continuations},
        {".maxEmptyDataFrames", http2.max_empty_data_frames},
        {".maxResets", http2.max_resets},
        {".maxSettingsFrames", http2.max_settings_frames},
        {".maxPings", http2.max_pings},
        {".maxUnknownBytes", http2.max_unknown_bytes},
        {".maxGlitches", http2.max_glitches}};
    constexpr int64_t kMax = 2147483647;  // of a window (RFC 9113 6.9.1); more than enough for the others
    for (const auto& [name, value] : numbers)
      if (value < 0 || value > kMax) error(path + std::string(name), fmt::format("must be 0 to {}", kMax));
    if (http2.max_concurrent_streams == 0) error(path + ".maxConcurrentStreams", "must be above 0");
    if (http2.connection_window_size < 65535)
      error(path + ".connectionWindowSize", "must be 65535 or more, with which HTTP/2 connections begin");
    for (const auto& [name, time] :
         {std::pair<std::string_view, Duration>{".handshakeTimeout", http2.handshake_timeout},
          {".stallTimeout", http2.stall_timeout}})
      if (time < 0s) error(path + std::string(name), "must not be negative");
  }

  void check_times(const std::string& path, const Transport& transport) {
    const RespondingTimeouts& timeouts = transport.responding_timeouts;
    const std::pair<std::string_view, Duration> times[] = {
        {".respondingTimeouts.readTimeout", timeouts.read_timeout},
        {".respondingTimeouts.writeTimeout", timeouts.write_timeout},
        {".respondingTimeouts.idleTimeout", timeouts.idle_timeout},
        {".lifeCycle.requestAcceptGraceTimeout", transport.life_cycle.request_accept_grace_timeout},
        {".lifeCycle.graceTimeOut", transport.life_cycle.grace_time_out},
        {".keepAliveMaxTime", transport.keep_alive_max_time},
    };
    for (const auto& [name, time] : times)
      if (time < Duration::zero()) error(path + std::string(name), "must not be negative");
    if (transport.keep_alive_max_requests < 0) error(path + ".keepAliveMaxRequests", "must not be negative");
  }

  void check_redirection(const std::string& path, const RedirectEntryPoint& redirection) {
    if (redirection.to.empty()) return error(path + ".to", "is not set");
    if (!redirection.to.starts_with(':') && !c_.entry_points.contains(redirection.to))
      warn(path + ".to", fmt::format("there is no entry point {}; nothing is redirected", redirection.to));
    check_one_of(path + ".scheme", redirection.scheme, {"http", "https"});
  }

  void check_providers() {
    const Providers& providers = c_.providers;
    const std::vector<std::string> known = Providers().precedence;
    for (const std::string& name : providers.precedence)
      if (std::ranges::find(known, to_lower(name)) == known.end())
        error("providers.precedence", fmt::format("there is no provider {}", name));
    if (providers.file) {
      if (providers.file->filename.empty() == providers.file->directory.empty())
        error("providers.file", "set one of filename and directory");
    }
    if (providers.ecs) {
      if (providers.ecs->refresh_seconds <= 0) error("providers.ecs.refreshSeconds", "must be above 0");
      if (providers.ecs->access_key_id.empty() != providers.ecs->secret_access_key.empty())
        warn("providers.ecs", "accessKeyID and secretAccessKey only count together; the usual AWS chain is used");
    }
  }

  void check_log() {
    constexpr std::string_view kLevels[] = {"TRACE", "DEBUG", "INFO", "WARN", "ERROR", "FATAL", "PANIC"};
    if (std::ranges::none_of(kLevels, [this](std::string_view level) { return iequals(level, c_.log.level); }))
      error("log.level", fmt::format("\"{}\" is not one of {}", c_.log.level, fmt::join(kLevels, ", ")));
    check_one_of("log.format", c_.log.format, {"common", "json"});
    if (c_.log.max_size < 0) error("log.maxSize", "must not be negative");
    if (c_.log.max_age < 0) error("log.maxAge", "must not be negative");
    if (c_.log.max_backups < 0) error("log.maxBackups", "must not be negative");
  }

  void check_access_log(const AccessLog& log) {
    if (log.format != "common" && log.format != "genericCLF" && log.format != "json")
      warn("accessLog.format", fmt::format("{} is not known; common is used", log.format));
    if (log.buffering_size < 0) error("accessLog.bufferingSize", "must not be negative");
    check_one_of("accessLog.fields.defaultMode", log.fields.default_mode, {"keep", "drop"});
    check_one_of("accessLog.fields.headers.defaultMode", log.fields.headers.default_mode, {"keep", "drop", "redact"});
    check_one_of("accessLog.fields.queryParameters.defaultMode", log.fields.query_parameters.default_mode,
                 {"keep", "drop"});
    for (const auto& [name, mode] : log.fields.names)
      check_one_of("accessLog.fields.names." + name, mode, {"keep", "drop"});
    for (const auto& [name, mode] : log.fields.headers.names)
      check_one_of("accessLog.fields.headers.names." + name, mode, {"keep", "drop", "redact"});
  }

  void check_prometheus(const Prometheus& prometheus) {
    if (!prometheus.manual_routing) check_reference("metrics.prometheus.entryPoint", prometheus.entry_point);
    if (!std::ranges::is_sorted(prometheus.buckets, std::less_equal()))
      error("metrics.prometheus.buckets", "must grow from one to the next");
  }

  // Traefik: ^/[A-Za-z0-9/_.:~-]*$
  void check_base_path(std::string_view path) {
    const auto is_allowed = [](char c) {
      return is_alnum(c) || std::string_view("/_.:~-").find(c) != std::string_view::npos;
    };
    if (!path.starts_with('/') || !std::ranges::all_of(path, is_allowed))
      error("api.basePath", "begins with / and holds letters, digits and / _ . : ~ - only");
  }

  void check_reference(std::string path, std::string_view entry_point) {
    if (!c_.entry_points.contains(entry_point))
      error(std::move(path), fmt::format("there is no entry point {}", entry_point));
  }

  void check_one_of(std::string path, std::string_view value, std::initializer_list<std::string_view> allowed) {
    if (std::ranges::find(allowed, value) == allowed.end())
      error(std::move(path), fmt::format("\"{}\" is not one of {}", value, fmt::join(allowed, ", ")));
  }

  void error(std::string path, std::string_view text) { add(Severity::error, std::move(path), text); }
  void warn(std::string path, std::string_view text) { add(Severity::warning, std::move(path), text); }
  void add(Severity severity, std::string path, std::string_view text) {
    issues_.push_back({.severity = severity, .path = std::move(path), .text = std::string(text)});
  }

  const Configuration& c_;
  std::vector<Issue>& issues_;
};

}  // namespace

void add_implied_entry_points(Configuration& c) {
  if (c.entry_points.empty()) c.entry_points["http"].address = ":80";
  const bool ping = c.ping && !c.ping->manual_routing && c.ping->entry_point == kInternalEntryPoint;
  const auto& prometheus = c.metrics.prometheus;
  const bool metrics = prometheus && !prometheus->manual_routing && prometheus->entry_point == kInternalEntryPoint;
  if (((c.api && c.api->insecure) || ping || metrics) && !c.entry_points.contains(kInternalEntryPoint))
    c.entry_points[std::string(kInternalEntryPoint)].address = ":8080";
}

std::vector<std::string> default_entry_points(const Configuration& c) {
  std::vector<std::string> all, marked;
  for (const auto& [name, entry_point] : c.entry_points) {
    if (name == kInternalEntryPoint || is_udp(entry_point)) continue;
    all.push_back(name);
    if (entry_point.as_default) marked.push_back(name);
  }
  return marked.empty() ? all : marked;
}

void validate(const Configuration& configuration, std::vector<Issue>& issues) {
  Validator(configuration, issues).run();
}

}  // namespace fl::config::statics
