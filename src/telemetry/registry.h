// Answers a scrape: asks every worker for a copy of its counters, adds what the main thread knows and renders the
// page. Belongs to the main loop and outlives the workers' loops; only render() may be called elsewhere.
//
//   render() on any loop -> main: one letter to each worker -> each answers with a snapshot -> main merges -> the
//   caller
#pragma once

#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "net/loop.h"
#include "net/task.h"
#include "telemetry/metrics.h"
#include "telemetry/prometheus_text.h"

namespace fl::telemetry {

class Registry {
 public:
  Registry(net::Loop& main, MetricsOptions options, std::vector<EntryPointLabel> entry_points);
  Registry(const Registry&) = delete;
  Registry& operator=(const Registry&) = delete;

  // Before the first scrape. Both must outlive the registry's scrapes.
  void add_worker(net::Loop& loop, WorkerMetrics& metrics) { workers_.push_back({&loop, &metrics}); }

  // A configuration came into force; to be told before workers get it. Series of what is no longer in it appear in one
  // more scrape and then no more. `names` is asked at the next scrape, if there is one.
  void config_applied(std::function<ConfiguredNames()> names, WallTime now);
  // Called before each scrape, on the main loop: the time to set what only changes for who looks.
  void set_before_scrape(std::function<void()> f) { before_scrape_ = std::move(f); }
  void set_server_up(std::string_view service, std::string_view url, bool up);
  void set_certificates(std::vector<CertificateGauge> certificates) { gauges_.certificates = std::move(certificates); }

  // The page for GET /metrics. Any loop; comes back on the caller's.
  net::Task<std::string> render();

  static constexpr std::string_view kContentType = "text/plain; version=0.0.4; charset=utf-8";

 private:
  using Done = std::move_only_function<void(std::string)>;
  struct Worker {
    net::Loop* loop;
    WorkerMetrics* metrics;
  };
  struct Scrape {
    std::vector<MetricsSnapshot> parts;
    size_t missing;
    Done done;
  };

  void start(Done done);
  void finish(Scrape& scrape);
  void forget_removed(const std::vector<MetricsSnapshot>& parts);

  net::Loop& main_;
  const MetricsOptions options_;
  const std::vector<EntryPointLabel> entry_points_;
  std::vector<Worker> workers_;
  std::function<void()> before_scrape_;
  std::function<ConfiguredNames()> names_;             // of the last configuration, until asked for
  std::shared_ptr<const ConfiguredNames> configured_;  // null until the first scrape after config_applied()
  ProcessGauges gauges_;
};

}  // namespace fl::telemetry
