// The proxy as a running program: main's loop with signals and providers, workers that serve, and the path of a
// configuration change between them: provider -> merge -> build -> publish. Main thread.
#pragma once

#include <atomic>
#include <memory>
#include <optional>
#include <set>
#include <string>
#include <vector>

#include "admin/state.h"
#include "app/signals.h"
#include "app/wiring/memory_watch.h"
#include "app/wiring/ocsp_stapler.h"
#include "app/wiring/provider_runner.h"
#include "app/wiring/tls_upkeep.h"
#include "app/wiring/wire.h"
#include "app/wiring/worker_thread.h"
#include "base/result.h"
#include "config/load_static.h"
#include "config/merge.h"
#include "http/fetch.h"
#include "net/loop.h"
#include "net/resolver.h"
#include "net/stop.h"
#include "proxy/health_checker.h"
#include "proxy/snapshot_builder.h"
#include "telemetry/registry.h"

namespace fl::app {

class ProxyProgram {
 public:
  // Both as wire() left them, without errors.
  ProxyProgram(config::LoadedStatic loaded, Wiring wiring);
  ~ProxyProgram();

  // Serves until a signal ends it. -> exit code; errors of the start are printed.
  int run();

 private:
  Result<> start();
  Result<> open_entry_points();
  proxy::BuildInputs build_inputs();
  Result<> start_workers();
  // A provider has news, files of certificates have changed, or the start: builds and publishes.
  void apply();
  // Opens the doors, once every provider has reported or had time to.
  void accept();
  net::Task<> accept_later();
  // Errors that were not there before go to the log, each once.
  void log_news(const proxy::RuntimeReport& report, const std::vector<config::Issue>& issues);
  net::Task<> refresh_sources();
  void on_signal(int signal);
  net::Task<> shut_down();
  net::Task<> shut_down(size_t entry_point, config::statics::LifeCycle limits);

  net::Loop loop_;
  const config::LoadedStatic static_;
  const Wiring wiring_;
  config::Merger merger_;
  std::vector<int> listeners_;  // the first worker's, until it has them
  telemetry::RequestCounter request_counter_{0};
  std::atomic<bool> terminating_ = false;
  net::StopSource stop_;       // providers
  net::StopSource hard_stop_;  // a second signal: no more patience
  net::TaskScope tasks_;
  std::optional<Signals> signals_;
  std::shared_ptr<proxy::SlotTable> upstream_slots_, balancer_slots_;
  net::Resolver resolver_{loop_};
  std::unique_ptr<http::Fetcher> prober_;  // asks servers how they are
  proxy::HealthChecker health_checker_;
  proxy::HealthChecks health_checks_;  // of the configuration in force
  MemoryWatch memory_watch_{[this](proxy::MemoryPressure pressure) {
    for (auto& worker : workers_) worker->relieve(pressure);
  }};
  std::unique_ptr<TlsUpkeep> tls_upkeep_;
  std::unique_ptr<OcspStapler> ocsp_stapler_;  // null: not asked for
  std::unique_ptr<proxy::SnapshotBuilder> builder_;
  std::shared_ptr<admin::State> admin_state_;
  std::unique_ptr<telemetry::Registry> registry_;
  std::unique_ptr<ProviderRunner> providers_;
  bool accepting_ = false;
  std::set<std::string> logged_;  // what log_news() has said about the configuration in force
  std::vector<std::unique_ptr<WorkerThread>> workers_;
};

}  // namespace fl::app
