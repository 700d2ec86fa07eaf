// log, accessLog and metrics. Plain data, filled once at start.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "base/time.h"
#include "config/fields.h"

namespace fl::config::statics {

struct Log {
  std::string level = "ERROR";
  std::string format = "common";  // common, json
  bool no_color = false;
  std::string file_path;  // empty: stdout
  int64_t max_size = 0;   // megabytes
  int64_t max_age = 0;    // days
  int64_t max_backups = 0;
  bool compress = false;
  bool operator==(const Log&) const = default;
};

// A record is kept when any filter that is set lets it through.
struct AccessLogFilters {
  std::vector<std::string> status_codes;
  bool retry_attempts = false;
  Duration min_duration = 0s;
  bool operator==(const AccessLogFilters&) const = default;
};

struct AccessLogHeaders {
  std::string default_mode = "drop";  // keep, drop, redact
  Map<std::string> names;
  bool operator==(const AccessLogHeaders&) const = default;
};

struct AccessLogQueryParameters {
  std::string default_mode = "keep";  // keep, drop
  bool operator==(const AccessLogQueryParameters&) const = default;
};

struct AccessLogFields {
  std::string default_mode = "keep";  // keep, drop
  Map<std::string> names;
  AccessLogHeaders headers;
  AccessLogQueryParameters query_parameters;
  bool operator==(const AccessLogFields&) const = default;
};

struct AccessLog {
  std::string file_path;          // empty: stdout
  std::string format = "common";  // common, genericCLF, json
  int64_t buffering_size = 0;
  bool add_internals = false;
  AccessLogFilters filters;
  AccessLogFields fields;
  bool operator==(const AccessLog&) const = default;
};

struct Prometheus {
  std::vector<double> buckets{0.1, 0.3, 1.2, 5.0};
  bool add_entry_points_labels = true;
  bool add_routers_labels = false;
  bool add_services_labels = true;
  std::string entry_point = "traefik";
  bool manual_routing = false;
  Map<std::string> header_labels;
  bool operator==(const Prometheus&) const = default;
};

struct Metrics {
  bool add_internals = false;
  std::optional<Prometheus> prometheus;
  bool operator==(const Metrics&) const = default;
};

void describe(Fields<Log>& f);
void describe(Fields<AccessLogFilters>& f);
void describe(Fields<AccessLogHeaders>& f);
void describe(Fields<AccessLogQueryParameters>& f);
void describe(Fields<AccessLogFields>& f);
void describe(Fields<AccessLog>& f);
void describe(Fields<Prometheus>& f);
void describe(Fields<Metrics>& f);

}  // namespace fl::config::statics
