#include "app/wiring/worker_thread.h"

#include <algorithm>
#include <future>
#include <random>

#include "base/log.h"
#include "net/proxy_protocol.h"

namespace fl::app {
namespace {

http::ConnectionInfo describe(const net::SocketAddress& peer, const net::SocketAddress& local) {
  http::ConnectionInfo info;
  info.peer = peer;
  info.local = local;
  info.peer_ip_size = static_cast<uint8_t>(peer.ip.write(info.peer_ip));
  return info;
}

}  // namespace

bool ProxyProtocolTrust::trusts(const net::IpAddress& peer) const {
  return everyone || std::ranges::any_of(networks, [&peer](const net::Cidr& n) { return n.contains(peer); });
}

struct WorkerThread::Serving {
  struct Door {
    proxy::EntryPoint handler;
    http::Server server;
    const EntryPointWiring& wiring;
    int fd = -1;  // listening; the listener's own once there is one
    net::SocketAddress local;
    std::optional<net::Listener> listener;

    Door(net::Loop& loop, proxy::Worker& worker, const EntryPointWiring& w)
        : handler(w.options, worker), server(loop, w.server, handler), wiring(w) {}
  };

  net::Loop loop;
  proxy::Worker worker;
  std::unique_ptr<telemetry::AccessLog> access_log;
  std::optional<telemetry::WorkerMetrics> metrics;
  std::vector<std::unique_ptr<Door>> doors;
  size_t greeting = 0;  // connections whose PROXY header is awaited
  bool draining = false;
  bool abandoned = false;
  std::function<void()> on_drained;

  explicit Serving(unsigned index) : worker(loop, index, std::random_device{}()) {}

  void set_up(WorkerWiring wiring) {
    worker.set_release(std::move(wiring.release));
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
      Door& door = *doors.emplace_back(std::make_unique<Door>(loop, worker, (*wiring.entry_points)[i]));
      door.fd = wiring.listeners[i];
      door.local = net::local_address(door.fd).value_or(net::SocketAddress{});
      if (metrics) door.server.set_on_closed([this, i] { metrics->connection_closed(i); });
    }
    loop.set_after_turn([this] { check_drained(); });
  }

  // What is left is cut off: its coroutines end in the turns that follow. One that does not within a second (it can
  // only be waiting for a name server) is left behind with everything it uses.
  void end() {
    for (auto& door : doors) door->listener.reset();
    const TimePoint patience = loop.clock().now() + 1s;
    while (connections() > 0 && loop.clock().now() < patience) {
      for (auto& door : doors) door->server.close_all();
      loop.turn(false);
    }
    abandoned = connections() > 0;
    if (abandoned) return;
    access_log.reset();
    doors.clear();
    worker.close_upstreams();
  }

  void accept(Door& door, int fd, const net::SocketAddress& peer) {
    if (metrics) metrics->connection_opened(door.wiring.options.index);
    auto stream = std::make_unique<net::TcpStream>(loop, fd);
    if (door.wiring.proxy_protocol)
      greet(door, std::move(stream), peer);
    else
      door.server.serve(std::move(stream), describe(peer, door.local));
  }

  // Reads the PROXY header, if there is one, before anything else.
  net::Detached greet(Door& door, std::unique_ptr<net::Stream> stream, net::SocketAddress peer) {
    ++greeting;
    net::InBuffer in;
    const Duration limit = door.wiring.server.read_timeout;
    if (limit > 0s) stream->set_read_deadline(loop.now() + limit);
    net::ProxyHeader header;
    header.status = net::ProxyHeader::Status::incomplete;
    while (header.status == net::ProxyHeader::Status::incomplete) {
      if (co_await stream->fill(in) <= 0) break;
      header = net::parse_proxy_header(in.view());
    }
    --greeting;
    using Status = net::ProxyHeader::Status;
    if (header.status == Status::incomplete || header.status == Status::malformed) {
      if (metrics) metrics->connection_closed(door.wiring.options.index);
      co_return;
    }
    in.consume(header.size);
    if (header.has_addresses && door.wiring.proxy_protocol->trusts(peer.ip)) peer = header.source;
    door.server.serve(std::move(stream), describe(peer, door.local), in.view());
  }

  size_t connections() const {
    size_t n = greeting;
    for (const auto& door : doors) n += door->server.connections();
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
  serving_ = std::make_unique<Serving>(wiring.index);
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
      door->listener.emplace(serving_->loop, door->fd, [this, &d = *door](int fd, const net::SocketAddress& peer) {
        serving_->accept(d, fd, peer);
      });
  });
}

void WorkerThread::stop_accepting() {
  post([this](proxy::Worker&) {
    for (auto& door : serving_->doors)
      if (door->listener) {
        door->listener->on_events(EPOLLIN);  // who is in the backlog already gets served
        door->listener.reset();
      }
  });
}

void WorkerThread::drain(std::function<void()> done) {
  post([this, done = std::move(done)](proxy::Worker&) {
    Serving& s = *serving_;
    s.draining = true;
    s.on_drained = done;
    for (auto& door : s.doors) door->server.drain();
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
