// One worker: a thread with its loop, its own sockets for every entry point, and what stands behind them: an acceptor
// and an HTTP server, or UDP sessions. Made and ended by main, which otherwise reaches it only by post().
#pragma once

#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <thread>
#include <vector>

#include "http/server.h"
#include "net/address.h"
#include "net/alias_resolver.h"
#include "net/listener.h"
#include "net/loop.h"
#include "proxy/acceptor.h"
#include "proxy/entry_point.h"
#include "proxy/memory_pressure.h"
#include "proxy/udp_entry_point.h"
#include "proxy/worker.h"
#include "telemetry/access_log.h"
#include "telemetry/metrics.h"

namespace fl::app {

// What every worker needs to serve one entry point.
struct EntryPointWiring {
  proxy::EntryPointOptions options;  // its index counts TCP entry points alone, or UDP ones alone
  http::ServerOptions server;
  proxy::AcceptorOptions acceptor;
  std::optional<proxy::udp::EntryPointOptions> udp;  // set: it is a UDP one, and the others count for nothing
};

struct WorkerWiring {
  const std::vector<EntryPointWiring>* entry_points = nullptr;
  std::vector<int> listeners;  // descriptors, one an entry point; the worker owns them
  std::optional<telemetry::AccessLogOptions> access_log;
  telemetry::RequestCounter* request_counter = nullptr;
  std::optional<telemetry::MetricsOptions> metrics;
  std::optional<net::AliasOptions> host_resolver;  // nullopt: rules do not ask for aliases
  proxy::Worker::Release release;                  // called on the worker's thread
};

class WorkerThread {
 public:
  explicit WorkerThread(WorkerWiring wiring);
  ~WorkerThread();

  net::Loop& loop();
  telemetry::WorkerMetrics* metrics();  // null when nothing is counted

  // Runs on the worker's thread.
  void post(std::function<void(proxy::Worker&)> f);
  void publish(std::shared_ptr<const proxy::Snapshot> snapshot);
  void reopen_access_log();
  void relieve(proxy::MemoryPressure pressure);
  // To be called after the first snapshot was published: before, nobody could be served.
  void start_accepting();

  // The steps of an ordered end. An entry point (by its place among all) takes no new connections, open ones end after
  // their running exchange, and `done` is called (on the worker's thread) when the last is gone.
  void drain(size_t entry_point, std::function<void()> done);
  // Its connections end now.
  void cut(size_t entry_point);
  // What is left everywhere is cut off, and the thread ends.
  void join();

 private:
  struct Serving;
  void run(WorkerWiring wiring, std::function<void()> ready);

  std::unique_ptr<Serving> serving_;  // made, used and cleared by the worker's thread; gone after join()
  std::thread thread_;
};

}  // namespace fl::app
