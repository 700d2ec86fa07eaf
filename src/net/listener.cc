#include "net/listener.h"

#include <fmt/format.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <limits>

#include "base/log.h"

namespace fl::net {
namespace {

Result<SocketAddress> bind_address(const std::string& host, uint16_t port) {
  SocketAddress address;
  address.port = port;
  if (host.empty()) {
    address.ip = IpAddress::v6({});
  } else if (auto ip = IpAddress::parse(host == "localhost" ? "127.0.0.1" : host)) {
    address.ip = *ip;
  } else {
    return fail(Code::invalid,
                fmt::format("cannot listen on \"{}\": an address must be an IP, localhost or empty", host));
  }
  return address;
}

Error describe(int error, const SocketAddress& address) {
  const std::string where = address.to_string();
  if (error == EADDRINUSE)
    return {Code::conflict, fmt::format("{} is already in use: stop the program that listens there (ss -ltnp shows it) "
                                        "or choose another port",
                                        where)};
  if (error == EACCES)
    return {Code::denied, fmt::format("not allowed to listen on {}: ports below 1024 need root or CAP_NET_BIND_SERVICE "
                                      "(setcap cap_net_bind_service=+ep fairlead)",
                                      where)};
  if (error == EADDRNOTAVAIL) return {Code::invalid, fmt::format("{} is no address of this machine", where)};
  return {Code::unavailable, fmt::format("cannot listen on {}: {}", where, std::strerror(error))};
}

int open_bound(const SocketAddress& address, bool share, int* error) {
  sockaddr_storage storage;
  const socklen_t length = address.to_sockaddr(storage);
  const int fd = ::socket(storage.ss_family, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
  if (fd < 0) {
    *error = errno;
    return -1;
  }
  const auto set = [fd](int level, int name, int value) { ::setsockopt(fd, level, name, &value, sizeof value); };
  set(SOL_SOCKET, SO_REUSEADDR, 1);
  if (share) set(SOL_SOCKET, SO_REUSEPORT, 1);
  if (storage.ss_family == AF_INET6) set(IPPROTO_IPV6, IPV6_V6ONLY, address.ip.is_unspecified() ? 0 : 1);
  set(IPPROTO_TCP, TCP_NODELAY, 1);
  set(SOL_SOCKET, SO_KEEPALIVE, 1);
  set(IPPROTO_TCP, TCP_KEEPIDLE, 180);
  set(IPPROTO_TCP, TCP_KEEPINTVL, 180);
  if (::bind(fd, reinterpret_cast<sockaddr*>(&storage), length) == 0) return fd;
  *error = errno;
  ::close(fd);
  return -1;
}

Result<int> listen_on(SocketAddress address, const ListenOptions& options) {
  int error = 0;
  if (options.probe_taken && address.port != 0) {
    const int probe = open_bound(address, false, &error);
    // A bound socket alone does not clash with another that listens: only listening shows it.
    const bool taken = probe >= 0 && ::listen(probe, 1) != 0;
    if (taken) error = errno;
    if (probe >= 0) ::close(probe);
    if (probe < 0 && error == EAFNOSUPPORT && address.ip == IpAddress::v6({}))
      return listen_on({IpAddress{}, address.port}, options);
    if (probe < 0 || taken) return tl::make_unexpected(describe(error, address));
  }
  const int fd = open_bound(address, true, &error);
  if (fd < 0) {
    if (error == EAFNOSUPPORT && address.ip == IpAddress::v6({}))
      return listen_on({IpAddress{}, address.port}, options);
    return tl::make_unexpected(describe(error, address));
  }
  if (::listen(fd, options.backlog) != 0) {
    error = errno;
    ::close(fd);
    return tl::make_unexpected(describe(error, address));
  }
  return fd;
}

// SO_REUSEADDR stays out: for datagrams it would let strangers share.
int open_udp(const SocketAddress& address, bool share, int* error) {
  sockaddr_storage storage;
  const socklen_t length = address.to_sockaddr(storage);
  const int fd = ::socket(storage.ss_family, SOCK_DGRAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
  const int on = 1, only_v6 = address.ip.is_unspecified() ? 0 : 1;
  if (fd >= 0) {
    if (share) ::setsockopt(fd, SOL_SOCKET, SO_REUSEPORT, &on, sizeof on);
    if (storage.ss_family == AF_INET6) ::setsockopt(fd, IPPROTO_IPV6, IPV6_V6ONLY, &only_v6, sizeof only_v6);
    if (::bind(fd, reinterpret_cast<sockaddr*>(&storage), length) == 0) return fd;
  }
  *error = errno;
  if (fd >= 0) ::close(fd);
  return -1;
}

Result<int> bind_on(const SocketAddress& address, const ListenOptions& options) {
  int error = 0;
  int fd = -1;
  if (options.probe_taken && address.port != 0) {
    fd = open_udp(address, false, &error);
    if (fd >= 0) ::close(fd);
  }
  if (error == 0) fd = open_udp(address, true, &error);
  if (error == EAFNOSUPPORT && address.ip == IpAddress::v6({})) return bind_on({IpAddress{}, address.port}, options);
  if (error != 0) return tl::make_unexpected(describe(error, address));
  return fd;
}

// A tenth of the files this process may open is kept for connections to servers, pipes and logs. The kernel gives out
// the lowest free number, so the number of a new one tells how many are in use.
int most_files_for_clients() {
  rlimit limit{};
  if (::getrlimit(RLIMIT_NOFILE, &limit) != 0) return std::numeric_limits<int>::max();
  return static_cast<int>(std::min<rlim_t>(limit.rlim_cur - limit.rlim_cur / 10, std::numeric_limits<int>::max()));
}

}  // namespace

Result<int> bind_udp(const std::string& host, uint16_t port, const ListenOptions& options) {
  FL_TRY(const SocketAddress address, bind_address(host, port));
  return bind_on(address, options);
}

Result<int> bind_udp_again(int fd) {
  FL_TRY(const SocketAddress address, local_address(fd));
  return bind_on(address, {.probe_taken = false});
}

Result<int> listen_tcp(const std::string& host, uint16_t port, const ListenOptions& options) {
  FL_TRY(const SocketAddress address, bind_address(host, port));
  return listen_on(address, options);
}

Result<SocketAddress> local_address(int fd) {
  sockaddr_storage storage{};
  socklen_t length = sizeof storage;
  if (::getsockname(fd, reinterpret_cast<sockaddr*>(&storage), &length) != 0)
    return fail(Code::internal, fmt::format("getsockname: {}", std::strerror(errno)));
  return SocketAddress::from(reinterpret_cast<sockaddr*>(&storage));
}

Result<int> listen_again(int fd) {
  FL_TRY(const SocketAddress address, local_address(fd));
  return listen_on(address, {.probe_taken = false});
}

Listener::Listener(Loop& loop, int fd, OnAccept on_accept)
    : loop_(loop), fd_(fd), most_files_(most_files_for_clients()), on_accept_(std::move(on_accept)), pause_(*this) {
  loop_.add(fd_, EPOLLIN, *this);
}

Listener::~Listener() {
  loop_.remove(fd_, *this);
  ::close(fd_);
}

void Listener::on_timer(Timer& timer) {
  Listener& self = static_cast<PauseTimer&>(timer).listener;
  self.loop_.modify(self.fd_, EPOLLIN, self);
}

void Listener::on_events(uint32_t) noexcept {
  for (int i = 0; i < kAcceptsPerTurn; ++i) {
    sockaddr_storage storage;
    socklen_t length = sizeof storage;
    const int fd = ::accept4(fd_, reinterpret_cast<sockaddr*>(&storage), &length, SOCK_NONBLOCK | SOCK_CLOEXEC);
    const bool too_many = fd >= 0 && fd >= most_files_;
    if (fd >= 0 && !too_many) {
      on_accept_(fd, SocketAddress::from(reinterpret_cast<sockaddr*>(&storage)));
      continue;
    }
    if (too_many || errno == EMFILE || errno == ENFILE || errno == ENOBUFS || errno == ENOMEM) {
      log::error("cannot accept connections: {}; raise the limit of open files (ulimit -n)",
                 too_many ? "nine tenths of the files it may open are open" : std::strerror(errno));
      if (too_many) ::close(fd);
      loop_.modify(fd_, 0, *this);  // the backlog holds them meanwhile
      loop_.timers().set(pause_, loop_.now() + 100ms);
    }
    return;
  }
}

}  // namespace fl::net
