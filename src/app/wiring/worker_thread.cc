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
    net::SocketAddress local;
    std::optional<net::Listener> listener;

    Door(net::Loop& loop, proxy::Worker& worker, const EntryPointWiring& w)
        : handler(w.options, worker), server(loop, w.server, handler), wiring(w) {}
  };

  net::Loop loop;
  proxy::Worker worker;
  std::unique_ptr<telemetry::AccessLog> access_log;
  std::vector<std::unique_ptr<Door>> doors;
  size_t greeting = 0;  // connections whose PROXY header is awaited
  bool draining = false;
  std::function<void()> on_drained;

  explicit Serving(unsigned index) : worker(loop, index, std::random_device{}()) {}

  void accept(Door& door, int fd, const net::SocketAddress& peer) {
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
    if (header.status == Status::incomplete || header.status == Status::malformed) co_return;
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
  thread_ = std::thread([this, &ready, w = std::move(wiring)]() mutable {
    const unsigned index = w.index;
    serving_ = std::make_unique<Serving>(index);
    Serving& s = *serving_;
    s.loop.make_current();
    if (w.access_log) {
      auto log = telemetry::AccessLog::open(s.loop, *w.access_log, *w.request_counter);
      if (log)
        s.access_log = *std::move(log);
      else
        log::error("access log: {}", log.error().message);
      s.worker.set_on_record([&s](const telemetry::RequestRecord& r) {
        if (s.access_log != nullptr) s.access_log->write(r);
      });
    }
    for (size_t i = 0; i < w.entry_points->size(); ++i) {
      auto& door = *s.doors.emplace_back(std::make_unique<Serving::Door>(s.loop, s.worker, (*w.entry_points)[i]));
      door.local = net::local_address(w.listeners[i]).value_or(net::SocketAddress{});
    }
    s.loop.set_after_turn([&s] { s.check_drained(); });
    // Listening begins with the first snapshot: before it, nobody could be served.
    s.loop.post([&s, fds = w.listeners] {
      for (size_t i = 0; i < fds.size(); ++i) {
        Serving::Door& door = *s.doors[i];
        door.listener.emplace(s.loop, fds[i],
                              [&s, &door](int fd, const net::SocketAddress& peer) { s.accept(door, fd, peer); });
      }
    });
    ready.set_value();
    s.loop.run();
    // What is left is cut off; coroutines end in the turns that follow.
    for (auto& door : s.doors) door->listener.reset();
    while (s.connections() > 0) {
      for (auto& door : s.doors) door->server.close_all();
      s.loop.turn(false);
    }
    s.access_log.reset();
    s.doors.clear();
    s.worker.close_upstreams();
  });
  ready.get_future().wait();
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
}

}  // namespace fl::app
