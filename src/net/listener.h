// Listening sockets. Each worker has its own for every entry point (SO_REUSEPORT), so the kernel spreads connections
// and no worker touches another's.
#pragma once

#include <cstdint>
#include <functional>
#include <string>

#include "base/result.h"
#include "net/address.h"
#include "net/loop.h"

namespace fl::net {

struct ListenOptions {
  bool probe_taken = true;  // refuse an address another socket listens on, even one that shares ports
  int backlog = 4096;
};

// A bound, listening, non-blocking descriptor. TCP_NODELAY and keep-alive (3 min, as Traefik) are inherited by what it
// accepts. Host "" means every address, IPv6 and IPv4. Errors name the address and what to do.
Result<int> listen_tcp(const std::string& host, uint16_t port, const ListenOptions& options = {});

// Another socket on the address `fd` is bound to (its actual port when it was 0).
Result<int> listen_again(int fd);
Result<SocketAddress> local_address(int fd);

// The same for datagrams: bound and non-blocking. The kernel gives all datagrams of one peer to one of the sockets that
// share an address.
Result<int> bind_udp(const std::string& host, uint16_t port, const ListenOptions& options = {});
Result<int> bind_udp_again(int fd);

// Accepts on the loop it was made on. Owns the descriptor.
class Listener final : public Pollable {
 public:
  // Called for each connection with its non-blocking descriptor, which it then owns.
  using OnAccept = std::move_only_function<void(int fd, const SocketAddress& peer)>;
  Listener(Loop& loop, int fd, OnAccept on_accept);
  ~Listener();

  void on_events(uint32_t epoll_events) noexcept override;
  int fd() const { return fd_; }

 private:
  static constexpr int kAcceptsPerTurn = 32;
  static void on_timer(Timer& timer);
  struct PauseTimer : Timer {
    Listener& listener;
    explicit PauseTimer(Listener& l) : Timer(&Listener::on_timer), listener(l) {}
  };

  Loop& loop_;
  int fd_;
  const int most_files_;  // open, for one more client to be let in
  OnAccept on_accept_;
  PauseTimer pause_;  // after EMFILE and the like
};

}  // namespace fl::net
