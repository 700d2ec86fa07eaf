#include "net/dns/ares_channel.h"

#include <utility>

namespace fl::net::dns {
namespace {

struct Library {
  Library() { ares_library_init(ARES_LIB_INIT_ALL); }
};

}  // namespace

// One of the library's sockets; level-triggered, as it asks for readiness itself.
struct AresChannel::Socket final : Pollable {
  AresChannel& channel;
  ares_socket_t fd;
  Socket(AresChannel& c, ares_socket_t s) : channel(c), fd(s) {}
  void on_events(uint32_t events) noexcept override {
    const ares_socket_t bad = ARES_SOCKET_BAD;
    channel.process((events & (EPOLLIN | EPOLLERR | EPOLLHUP)) != 0 ? fd : bad, (events & EPOLLOUT) != 0 ? fd : bad);
  }
};

AresChannel::Tick::Tick(AresChannel& c)
    : Timer([](Timer& t) { static_cast<Tick&>(t).channel.process(ARES_SOCKET_BAD, ARES_SOCKET_BAD); }), channel(c) {}

AresChannel::AresChannel(Loop& loop, std::string resolv_conf, uint16_t port) : loop_(loop) {
  static const Library library;
  ares_options options{};
  options.sock_state_cb = &AresChannel::on_socket_state;
  options.sock_state_cb_data = this;
  options.timeout = 2000;
  options.tries = 3;
  int set = ARES_OPT_SOCK_STATE_CB | ARES_OPT_TIMEOUTMS | ARES_OPT_TRIES;
  if (!resolv_conf.empty()) {
    options.resolvconf_path = resolv_conf.data();
    set |= ARES_OPT_RESOLVCONF;
  }
  if (port != 0) {
    options.udp_port = options.tcp_port = port;
    set |= ARES_OPT_UDP_PORT | ARES_OPT_TCP_PORT;
  }
  ok_ = ares_init_options(&channel_, &options, set) == ARES_SUCCESS;
}

AresChannel::~AresChannel() {
  if (ok_) ares_destroy(channel_);
  for (auto& [fd, socket] : sockets_) loop_.remove(fd, *socket);
}

void AresChannel::ask(const std::string& name, const ares_addrinfo_hints& hints, ares_addrinfo_callback callback,
                      void* argument) {
  ares_getaddrinfo(channel_, name.c_str(), nullptr, &hints, callback, argument);
  arm();
}

void AresChannel::on_socket_state(void* data, ares_socket_t fd, int readable, int writable) {
  auto& self = *static_cast<AresChannel*>(data);
  const auto it = self.sockets_.find(fd);
  if (readable == 0 && writable == 0) {
    if (it == self.sockets_.end()) return;
    self.loop_.remove(fd, *it->second);
    self.retired_.push_back(std::move(it->second));  // it may be the one whose event is being handled
    self.sockets_.erase(it);
    return;
  }
  const uint32_t events = (readable != 0 ? EPOLLIN : 0u) | (writable != 0 ? EPOLLOUT : 0u);
  if (it != self.sockets_.end()) {
    self.loop_.modify(fd, events, *it->second);
    return;
  }
  auto socket = std::make_unique<Socket>(self, fd);
  self.loop_.add(fd, events, *socket);
  self.sockets_.emplace(fd, std::move(socket));
}

void AresChannel::process(ares_socket_t readable, ares_socket_t writable) {
  ares_process_fd(channel_, readable, writable);
  retired_.clear();
  arm();
}

void AresChannel::arm() {
  timeval buffer{};
  if (const timeval* t = ares_timeout(channel_, nullptr, &buffer); t != nullptr)
    loop_.timers().set(tick_,
                       loop_.now() + std::chrono::seconds(t->tv_sec) + std::chrono::microseconds(t->tv_usec) + 1ms);
  else
    tick_.cancel();
}

}  // namespace fl::net::dns
