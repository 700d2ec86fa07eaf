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
    void open(net::Loop& on) {
      listener.emplace(on, fd, [this](int connection, const auto& peer) { acceptor.accept(connection, peer); });
    }
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

  // One of them is set.
  struct EntryPoint {
    std::unique_ptr<Door> door;
    std::unique_ptr<proxy::udp::EntryPoint> udp;
    bool closed = false;
    std::function<void()> on_drained;

    size_t connections() const { return door ? door->connections() : udp->sessions(); }
    void open(net::Loop& on) { door ? door->open(on) : udp->start(); }
    void close() {
      closed = true;
      door ? door->close() : udp->stop_accepting();
    }
    void close_all() { door ? door->close_all() : udp->close_all(); }
  };

  net::Loop loop;
  proxy::Worker worker{loop};
  std::optional<net::AliasResolver> aliases;
  std::unique_ptr<telemetry::AccessLog> access_log;
  std::optional<telemetry::WorkerMetrics> metrics;
  std::vector<EntryPoint> entry_points;
  bool draining = false;  // some entry point is closed
  bool abandoned = false;

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
      const int fd = wiring.listeners[i];
      entry_points.push_back(entry_point.udp ? EntryPoint{.door = {}, .udp = make_udp(entry_point, i, fd)}
                                             : EntryPoint{.door = make_door(entry_point, i, fd), .udp = {}});
    }
    loop.set_after_turn([this] { check_drained(); });
  }

  // `index` is the entry point's among all, by which metrics know it.
  std::unique_ptr<Door> make_door(const EntryPointWiring& wiring, size_t index, int fd) {
    auto door = std::make_unique<Door>(loop, worker, aliases ? &*aliases : nullptr, wiring, fd);
    if (!metrics) return door;
    door->server.set_on_closed([this, index] { metrics->connection_closed(index); });
    door->acceptor.set_on_opened([this, index] { metrics->connection_opened(index); });
    door->acceptor.set_on_closed([this, index] { metrics->connection_closed(index); });
    door->acceptor.set_on_handshake_failed(
        [this, index](tls::HandshakeFailure failure) { metrics->handshake_failed(index, tls::to_text(failure)); });
    return door;
  }

  std::unique_ptr<proxy::udp::EntryPoint> make_udp(const EntryPointWiring& wiring, size_t index, int fd) {
    auto udp = std::make_unique<proxy::udp::EntryPoint>(worker, *wiring.udp, fd);
    if (!metrics) return udp;
    udp->set_on_opened([this, index] { metrics->connection_opened(index); });
    udp->set_on_closed([this, index] { metrics->connection_closed(index); });
    return udp;
  }

  // What is left is cut off: its coroutines end in the turns that follow. One that does not within a second (it can
  // only be waiting for a name server) is left behind with everything it uses.
  void end() {
    for (auto& entry_point : entry_points)
      if (entry_point.door) entry_point.door->listener.reset();
    const TimePoint patience = loop.clock().now() + 1s;
    const auto busy = [this] { return connections() > 0 || worker.detached_requests().active() > 0; };
    while (busy() && loop.clock().now() < patience) {
      for (auto& entry_point : entry_points) entry_point.close_all();
      worker.detached_requests().cancel();
      loop.turn(false);
    }
    abandoned = busy();
    if (abandoned) return;
    access_log.reset();
    entry_points.clear();
    worker.close_upstreams();
    for (int i = 0; i < kFarewellTurns; ++i) loop.turn(false);
  }

  size_t connections() const {
    size_t n = 0;
    for (const auto& entry_point : entry_points) n += entry_point.connections();
    return n;
  }

  void check_drained() {
    if (!draining) return;
    for (auto& entry_point : entry_points)
      if (entry_point.on_drained && entry_point.connections() == 0) std::exchange(entry_point.on_drained, nullptr)();
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
    for (auto& entry_point : serving_->entry_points)
      if (!entry_point.closed) entry_point.open(serving_->loop);  // else the end came first
  });
}

void WorkerThread::relieve(proxy::MemoryPressure pressure) {
  post([this, pressure](proxy::Worker& worker) {
    worker.set_refuses(pressure == proxy::MemoryPressure::full);
    for (auto& entry_point : serving_->entry_points) {
      if (entry_point.udp || entry_point.closed) continue;
      if (pressure == proxy::MemoryPressure::none)
        entry_point.door->server.stop_draining();
      else
        entry_point.door->drain();
    }
  });
}

void WorkerThread::drain(size_t entry_point, std::function<void()> done) {
  post([this, entry_point, done = std::move(done)](proxy::Worker&) {
    serving_->draining = true;
    serving_->entry_points[entry_point].on_drained = done;
    serving_->entry_points[entry_point].close();
  });
}

void WorkerThread::cut(size_t entry_point) {
  post([this, entry_point](proxy::Worker&) { serving_->entry_points[entry_point].close_all(); });
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
