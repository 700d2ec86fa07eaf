// The proxy as a running program: main's loop with signals and providers, workers that serve, and the path of a
// configuration change between them: provider -> merge -> build -> publish. Main thread.
#pragma once

#include <atomic>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "app/signals.h"
#include "app/wiring/worker_thread.h"
#include "base/result.h"
#include "config/load_static.h"
#include "config/merge.h"
#include "net/loop.h"
#include "net/stop.h"
#include "proxy/snapshot_builder.h"

namespace fl::app {

class ProxyProgram {
 public:
  explicit ProxyProgram(config::LoadedStatic loaded);
  ~ProxyProgram();

  // Serves until a signal ends it. -> exit code; errors of the start are printed.
  int run();

 private:
  Result<> start();
  Result<> open_entry_points();
  void start_providers();
  // A provider has news, or the start: builds and publishes.
  void apply();
  void on_signal(int signal);
  net::Task<> shut_down();

  net::Loop loop_;
  const config::LoadedStatic static_;
  std::vector<EntryPointWiring> entry_points_;
  std::vector<int> listeners_;  // the first worker's, until it has them
  telemetry::RequestCounter request_counter_{0};
  std::atomic<bool> terminating_ = false;
  net::StopSource stop_;       // providers
  net::StopSource hard_stop_;  // a second signal: no more patience
  net::TaskScope tasks_;
  std::optional<Signals> signals_;
  std::shared_ptr<proxy::SlotTable> upstream_slots_, balancer_slots_;
  std::unique_ptr<proxy::SnapshotBuilder> builder_;
  std::vector<config::ProviderConfig> configurations_;  // the newest of each provider
  std::vector<config::Issue> issues_;
  std::vector<std::unique_ptr<WorkerThread>> workers_;
};

}  // namespace fl::app
