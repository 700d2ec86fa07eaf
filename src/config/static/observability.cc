#include "config/static/observability.h"

#include "config/schema.h"

namespace fl::config::statics {

void describe(Fields<Log>& f) {
  f("level", &Log::level, "TRACE, DEBUG, INFO, WARN, ERROR, FATAL or PANIC");
  f("format", &Log::format, "common or json");
  f("noColor", &Log::no_color, "no colours on a terminal");
  f("filePath", &Log::file_path, "write to this file instead of stdout");
  f("maxSize", &Log::max_size, "rotate the file above this many megabytes; 0 never");
  f("maxAge", &Log::max_age, "days to keep rotated files; 0 for ever");
  f("maxBackups", &Log::max_backups, "number of rotated files to keep; 0 all");
  f("compress", &Log::compress, "compress rotated files with gzip");
  f.unsupported("otlp", "send the log to an OpenTelemetry collector");
}

void describe(Fields<AccessLogFilters>& f) {
  f("statusCodes", &AccessLogFilters::status_codes, "keep these codes and ranges: 200,300-302");
  f("retryAttempts", &AccessLogFilters::retry_attempts, "keep requests that were tried again");
  f("minDuration", &AccessLogFilters::min_duration, "keep requests that took longer");
}

void describe(Fields<AccessLogHeaders>& f) {
  f("defaultMode", &AccessLogHeaders::default_mode, "headers that are not named: keep, drop or redact");
  f("names", &AccessLogHeaders::names, "keep, drop or redact this header");
}

void describe(Fields<AccessLogQueryParameters>& f) {
  f("defaultMode", &AccessLogQueryParameters::default_mode, "keep or drop the query in RequestPath");
}

void describe(Fields<AccessLogFields>& f) {
  f("defaultMode", &AccessLogFields::default_mode, "fields that are not named: keep or drop");
  f("names", &AccessLogFields::names, "keep or drop this field");
  f("headers", &AccessLogFields::headers, "request and response headers");
  f("queryParameters", &AccessLogFields::query_parameters, "the query");
}

void describe(Fields<AccessLog>& f) {
  f("filePath", &AccessLog::file_path, "write to this file instead of stdout; opened again on SIGUSR1");
  f("format", &AccessLog::format, "common, genericCLF or json");
  f("bufferingSize", &AccessLog::buffering_size,
    "accepted for Traefik's sake and does nothing: lines are always gathered, for up to 10 ms");
  f("addInternals", &AccessLog::add_internals, "log requests of internal services such as ping@internal");
  f("filters", &AccessLog::filters, "which requests to log; one matching filter is enough");
  f("fields", &AccessLog::fields, "what to write of each request");
  f.unsupported("dualOutput", "write to the file as well as to OpenTelemetry");
  f.unsupported("otlp", "send access logs to an OpenTelemetry collector");
}

void describe(Fields<Prometheus>& f) {
  f("buckets", &Prometheus::buckets, "bounds of the latency histograms, in seconds");
  f("addEntryPointsLabels", &Prometheus::add_entry_points_labels, "metrics by entry point");
  f("addRoutersLabels", &Prometheus::add_routers_labels, "metrics by router");
  f("addServicesLabels", &Prometheus::add_services_labels, "metrics by service");
  f("entryPoint", &Prometheus::entry_point, "entry point that serves /metrics");
  f("manualRouting", &Prometheus::manual_routing, "no router is made; write one to prometheus@internal");
  f("headerLabels", &Prometheus::header_labels, "label of *_requests_total with the value of this request header");
}

void describe(Fields<Metrics>& f) {
  f("addInternals", &Metrics::add_internals, "count requests of internal services such as ping@internal");
  f("prometheus", &Metrics::prometheus, "metrics for Prometheus", kAllowEmpty);
  f.unsupported("datadog", "metrics for Datadog");
  f.unsupported("statsD", "metrics for StatsD");
  f.unsupported("influxDB2", "metrics for InfluxDB 2");
  f.unsupported("otlp", "metrics for OpenTelemetry");
  f.refused("influxDB", "gone since Traefik v3: use influxDB2 or otlp");
}

}  // namespace fl::config::statics
