// Everything counted, as Prometheus' text format with Traefik's names, labels and help. Pure; any thread.
#pragma once

#include <cstdint>
#include <map>
#include <string>
#include <utility>
#include <vector>

#include "telemetry/metrics.h"
#include "telemetry/process_stats.h"

namespace fl::telemetry {

struct EntryPointLabel {
  std::string name;
  std::string transport = "TCP";  // or UDP
};

struct CertificateGauge {
  std::string common_name, serial, sans;
  int64_t not_after = 0;  // Unix seconds
};

// What is not counted by workers.
struct ProcessGauges {
  uint64_t config_reloads = 0;
  int64_t last_reload_success = 0;                                // Unix seconds; 0: not yet
  std::map<std::pair<std::string, std::string>, bool> server_up;  // by service and URL
  std::vector<CertificateGauge> certificates;
  ProcessStats process;
};

// `entry_points` by SeriesKey::entry_point. Rows of several workers are summed up.
std::string to_prometheus_text(const MetricsOptions& options, const std::vector<EntryPointLabel>& entry_points,
                               const std::vector<MetricsSnapshot>& workers, const ProcessGauges& gauges);

}  // namespace fl::telemetry
