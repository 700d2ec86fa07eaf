#include "app/wiring/worker_thread.h"

#include <future>

#include "base/log.h"

namespace fl::app {
namespace {
constexpr int kFarewellTurns = 8;  // in which connections to servers say goodbye
}

struct WorkerThread::Serving {
  // A TCP entry point.
  struct Door {
    proxy::EntryPoint handler;
    http::Server server;
    proxy::Acceptor acceptor;
    int fd;  // listening; the listener's own once there is one
    std::optional<net::Listener> listener;

    Door(net::Loop& loop, proxy::Worker& worker, net::AliasResolver* aliases, const EntryPointWiring& w, int listening)
        : handler(w.options, worker, aliases),
          server(loop, w.server, handler),
          acceptor(worker, w.acceptor, server),
          fd(listening) {
      acceptor.set_local(net::local_address(fd).value_or(net::SocketAddress{}));
    }
    size_t connections() const { return server.connections() + acceptor.connections(); }
    void drain() {
      acceptor.drain();
      server.drain();
    }
    // The same, for good: the door is closed, and who stood in its backlog is served as one of the last.
    void close() {
      server.drain();
      if (listener) listener->on_events(EPOLLIN);
      listener.reset();
      acceptor.drain();
    }
    void close_all() {
      acceptor.close_all();
      server.close_all();
    }
  };

  net::Loop loop;
  proxy::Worker worker{loop};
  std::optional<net::AliasResolver> aliases;
  std::unique_ptr<telemetry::AccessLog> access_log;
  std::optional<telemetry::WorkerMetrics> metrics;
  std::vector<std::unique_ptr<Door>> doors;
  std::vector<std::unique_ptr<proxy::udp::EntryPoint>> udp_entry_points;
  bool draining = false;
  bool abandoned = false;
  std::function<void()> on_drained;

  void set_up(WorkerWiring wiring) {
    worker.set_release(std::move(wiring.release));
    if (wiring.host_resolver) aliases.emplace(loop, *wiring.host_resolver);
    if (wiring.access_log) {
      auto log = telemetry::AccessLog::open(loop, *wiring.access_log, *wiring.request_counter);
      if (log)
        access_log = *std::move(log);
      else
        log::error("access log: {}", log.error().message);
    }
    if (wiring.metrics) metrics.emplace(*wiring.metrics, wiring.entry_points->size());
    if (access_log != nullptr || metrics)
      worker.set_on_record([this](const telemetry::RequestRecord& record) {
        if (access_log != nullptr) access_log->write(record);
        if (metrics) metrics->count(record);
      });
    for (size_t i = 0; i < wiring.entry_points->size(); ++i) {
      const EntryPointWiring& entry_point = (*wiring.entry_points)[i];
      entry_point.udp ? add_udp(entry_point, i, wiring.listeners[i]) : add_door(entry_point, i, wiring.listeners[i]);
    }
    loop.set_after_turn([this] { check_drained(); });
  }

  // `index` is the entry point's among all, by which metrics know it.
  void add_door(const EntryPointWiring& wiring, size_t index, int fd) {
    Door& door = *doors.emplace_back(std::make_unique<Door>(loop, worker, aliases ? &*aliases : nullptr, wiring, fd));
    if (!metrics) return;
    door.server.set_on_closed([this, index] { metrics->connection_closed(index); });
    door.acceptor.set_on_opened([this, index] { metrics->connection_opened(index); });
    door.acceptor.set_on_closed([this, index] { metrics->connection_closed(index); });
    door.acceptor.set_on_handshake_failed(
        [this, index](tls::HandshakeFailure failure) { metrics->handshake_failed(index, tls::to_text(failure)); });
  }

  void add_udp(const EntryPointWiring& wiring, size_t index, int fd) {
    auto& udp = *udp_entry_points.emplace_back(std::make_unique<proxy::udp::EntryPoint>(worker, *wiring.udp, fd));
    if (!metrics) return;
    udp.set_on_opened([this, index] { metrics->connection_opened(index); });
    udp.set_on_closed([this, index] { metrics->connection_closed(index); });
  }

  // What is left is cut off: its coroutines end in the turns that follow. One that does not within a second (it can
  // only be waiting for a name server) is left behind with everything it uses.
  void end() {
    for (auto& door : doors) door->listener.reset();
    const TimePoint patience = loop.clock().now() + 1s;
    const auto busy = [this] { return connections() > 0 || worker.detached_requests().active() > 0; };
    while (busy() && loop.clock().now() < patience) {
      for (auto& door : doors) door->close_all();
      worker.detached_requests().cancel();
      for (auto& udp : udp_entry_points) udp->close_all();
      loop.turn(false);
    }
    abandoned = busy();
    if (abandoned) return;
    access_log.reset();
    doors.clear();
    udp_entry_points.clear();
    worker.close_upstreams();
    for (int i = 0; i < kFarewellTurns; ++i) loop.turn(false);
  }

  size_t connections() const {
    size_t n = 0;
    for (const auto& door : doors) n += door->connections();
    for (const auto& udp : udp_entry_points) n += udp->sessions();
    return n;
  }

  void check_drained() {
    if (draining && on_drained && connections() == 0) std::exchange(on_drained, nullptr)();
  }
};

WorkerThread::WorkerThread(WorkerWiring wiring) {
  std::promise<void> ready;
  thread_ = std::thread(
      [this, &ready, w = std::move(wiring)]() mutable { run(std::move(w), [&ready] { ready.set_value(); }); });
  ready.get_future().wait();
}

void WorkerThread::run(WorkerWiring wiring, std::function<void()> ready) {
  serving_ = std::make_unique<Serving>();
  Serving& s = *serving_;
  s.loop.make_current();
  s.set_up(std::move(wiring));
  ready();
  s.loop.run();
  s.end();
}

WorkerThread::~WorkerThread() {
  if (thread_.joinable()) join();
}

void WorkerThread::post(std::function<void(proxy::Worker&)> f) {
  serving_->loop.post([this, f = std::move(f)] { f(serving_->worker); });
}

void WorkerThread::publish(std::shared_ptr<const proxy::Snapshot> snapshot) {
  post([snapshot = std::move(snapshot)](proxy::Worker& worker) mutable { worker.publish(std::move(snapshot)); });
}

void WorkerThread::reopen_access_log() {
  post([this](proxy::Worker&) {
    if (serving_->access_log != nullptr) serving_->access_log->reopen();
  });
}

net::Loop& WorkerThread::loop() { return serving_->loop; }

telemetry::WorkerMetrics* WorkerThread::metrics() { return serving_->metrics ? &*serving_->metrics : nullptr; }

void WorkerThread::start_accepting() {
  post([this](proxy::Worker&) {
    for (auto& door : serving_->doors)
      door->listener.emplace(serving_->loop, door->fd,
                             [&acceptor = door->acceptor](int fd, const auto& peer) { acceptor.accept(fd, peer); });
    for (auto& udp : serving_->udp_entry_points) udp->start();
  });
}

void WorkerThread::relieve(proxy::MemoryPressure pressure) {
  post([this, pressure](proxy::Worker& worker) {
    worker.set_refuses(pressure == proxy::MemoryPressure::full);
    if (serving_->draining) return;
    for (auto& door : serving_->doors) {
      if (pressure == proxy::MemoryPressure::none)
        door->server.stop_draining();
      else
        door->drain();
    }
  });
}

void WorkerThread::drain(std::function<void()> done) {
  post([this, done = std::move(done)](proxy::Worker&) {
    Serving& s = *serving_;
    s.draining = true;
    s.on_drained = done;
    for (auto& door : s.doors) door->close();
    for (auto& udp : s.udp_entry_points) udp->stop_accepting();
  });
}

void WorkerThread::join() {
  serving_->loop.stop();
  thread_.join();
  if (serving_->abandoned)
    (void)serving_.release();
  else
    serving_.reset();
}

}  // namespace fl::app
