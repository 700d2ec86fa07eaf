#include "proxy/udp_entry_point.h"

#include <sys/epoll.h>
#include <sys/socket.h>
#include <unistd.h>

#include <cerrno>
#include <string>
#include <utility>
#include <vector>

#include "base/log.h"
#include "net/listener.h"
#include "net/resolver.h"
#include "proxy/snapshot.h"
#include "proxy/udp/datagrams.h"
#include "proxy/udp/service.h"

namespace fl::proxy::udp {
namespace {

constexpr size_t kMaxWaiting = 16;  // datagrams of a session whose server's name is being resolved

}  // namespace

struct EntryPoint::Session final : net::Pollable {
  EntryPoint& entry_point;
  const net::SocketAddress client;
  const uint64_t id;                          // tells it from another of the same client
  int fd = -1;                                // connected to the server; -1 while its name is being resolved
  TimePoint last;                             // that a datagram came or went
  std::optional<net::IpAddress> destination;  // where its first datagram was sent to, and answers come from
  std::vector<std::string> waiting;
  struct IdleTimer : net::Timer {
    Session& session;
    explicit IdleTimer(Session& s) : Timer(&Session::on_timer), session(s) {}
  } idle{*this};

  Session(EntryPoint& e, const net::SocketAddress& c) : entry_point(e), client(c), id(e.next_id_++) { touch(); }
  ~Session() {
    if (fd < 0) return;
    loop().remove(fd, *this);
    ::close(fd);
  }

  net::Loop& loop() const { return entry_point.worker_.loop(); }

  void touch() {
    last = loop().now();
    if (!idle.armed()) loop().timers().set(idle, last + entry_point.options_.timeout);
  }

  // -> there is a socket to the server now
  bool connect(const net::SocketAddress& server) {
    sockaddr_storage address;
    const socklen_t length = server.to_sockaddr(address);
    fd = ::socket(address.ss_family, SOCK_DGRAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
    if (fd < 0) return false;
    loop().add(fd, EPOLLIN, *this);
    if (::connect(fd, reinterpret_cast<sockaddr*>(&address), length) != 0) return false;
    for (const std::string& datagram : std::exchange(waiting, {})) ::send(fd, datagram.data(), datagram.size(), 0);
    return true;
  }

  // From the client.
  void forward(Datagrams& datagrams, int first, int end) {
    touch();
    if (fd >= 0) return datagrams.send(fd, first, end);
    for (int i = first; i < end && waiting.size() < kMaxWaiting; ++i) waiting.emplace_back(datagrams.bytes(i));
  }

  // From the server. A server that is not there (ICMP) ends the session: the client's next datagram finds another.
  void on_events(uint32_t) noexcept override {
    Datagrams& datagrams = Datagrams::of_this_thread();
    const int n = datagrams.receive(fd);
    if (n == -EAGAIN || n == -EINTR) return;
    if (n < 0) return entry_point.remove(*this);
    const Datagrams::Way back{.receiver = client, .from = destination};
    datagrams.send(entry_point.fd_, 0, n, &back);
    touch();
  }

  static void on_timer(net::Timer& timer) {
    Session& self = static_cast<IdleTimer&>(timer).session;
    const TimePoint end = self.last + self.entry_point.options_.timeout;
    if (end > self.loop().now()) return self.loop().timers().set(self.idle, end);
    self.entry_point.remove(self);
  }
};

size_t EntryPoint::AddressHash::operator()(const net::SocketAddress& address) const noexcept {
  const auto& bytes = address.ip.bytes();
  const std::string_view text(reinterpret_cast<const char*>(bytes.data()), bytes.size());
  return std::hash<std::string_view>{}(text) ^ (size_t{address.port} * 0x9E3779B97F4A7C15U);
}

EntryPoint::EntryPoint(Worker& worker, const EntryPointOptions& options, int fd)
    : worker_(worker), options_(options), fd_(fd) {
  const auto local = net::local_address(fd_);
  if (local && local->ip.is_unspecified()) Datagrams::ask_for_destinations(fd_);
}

EntryPoint::~EntryPoint() {
  FL_CHECK(resolving_ == 0);
  sessions_.clear();
  if (started_) worker_.loop().remove(fd_, *this);
  ::close(fd_);
}

// Level-triggered: a batch at a time, so that other connections get their turn.
void EntryPoint::start() {
  started_ = true;
  worker_.loop().add(fd_, EPOLLIN, *this);
}

void EntryPoint::close_all() {
  accepting_ = false;
  while (!sessions_.empty()) remove(*sessions_.begin()->second);
}

void EntryPoint::on_events(uint32_t) noexcept {
  Datagrams& datagrams = Datagrams::of_this_thread();
  const int count = datagrams.receive(fd_);
  for (int first = 0, end = 0; first < count; first = end) {
    const net::SocketAddress client = datagrams.sender(first);
    for (end = first + 1; end < count && datagrams.sender(end) == client;) ++end;
    if (Session* session = session_of(client, datagrams.destination(first))) session->forward(datagrams, first, end);
  }
}

EntryPoint::Session* EntryPoint::session_of(const net::SocketAddress& client,
                                            const std::optional<net::IpAddress>& destination) {
  const auto found = sessions_.find(client);
  return found != sessions_.end() ? found->second.get() : open(client, destination);
}

EntryPoint::Session* EntryPoint::open(const net::SocketAddress& client,
                                      const std::optional<net::IpAddress>& destination) {
  if (!accepting_ || sessions_.size() >= options_.max_sessions) return nullptr;
  const auto& entry_points = worker_.current().snapshot->udp_entry_points;
  if (options_.index >= entry_points.size()) return nullptr;
  const ServicePtr& service = entry_points[options_.index].service;
  const Server* server = service != nullptr ? service->pick(worker_) : nullptr;
  if (server == nullptr) return nullptr;
  Session& session = *sessions_.emplace(client, std::make_unique<Session>(*this, client)).first->second;
  session.destination = destination;
  if (on_opened_) on_opened_();
  if (const auto* addresses = worker_.resolver().cached(server->host)) {
    if (session.connect({addresses->front(), server->port})) return &session;
    remove(session);
    return nullptr;
  }
  ++resolving_;
  net::spawn(resolve(client, session.id, server->host, server->port));
  const auto still_there = sessions_.find(client);  // the answer may have come at once
  return still_there != sessions_.end() ? still_there->second.get() : nullptr;
}

net::Task<> EntryPoint::resolve(net::SocketAddress client, uint64_t id, std::string host, uint16_t port) {
  const auto addresses = co_await worker_.resolver().resolve(host);
  --resolving_;
  const auto found = sessions_.find(client);
  if (found == sessions_.end() || found->second->id != id) co_return;
  Session& session = *found->second;
  if (!addresses || !session.connect({addresses->front(), port})) remove(session);
}

void EntryPoint::remove(Session& session) {
  const auto found = sessions_.find(session.client);
  const auto ended = std::move(found->second);
  sessions_.erase(found);
  if (on_closed_) on_closed_();
}

}  // namespace fl::proxy::udp
