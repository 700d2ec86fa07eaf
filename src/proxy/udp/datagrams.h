// Datagrams in batches: one system call receives up to 32, one sends them on. One batch a thread, used and done with
// within a callback; its memory is touched only as far as datagrams fill it.
#pragma once

#include <sys/socket.h>

#include <array>
#include <cstddef>
#include <optional>
#include <string_view>

#include "net/address.h"

namespace fl::proxy::udp {

class Datagrams {
 public:
  static constexpr size_t kBatch = 32;

  static Datagrams& of_this_thread();
  // From now on it is told which of this machine's addresses each datagram came to; for sockets bound to all of them.
  static void ask_for_destinations(int fd);

  // What has arrived at `fd`, at most kBatch. -> how many | -errno
  int receive(int fd);
  std::string_view bytes(int i) const { return {data_[at(i)].data(), messages_[at(i)].msg_len}; }
  // Who sent it. Only for sockets that are not connected.
  net::SocketAddress sender(int i) const;
  // Where it was sent to, if that was asked for.
  std::optional<net::IpAddress> destination(int i) const;

  // Who gets datagrams, and, if that matters, from which of our addresses.
  struct Way {
    net::SocketAddress receiver;
    std::optional<net::IpAddress> from;
  };
  // Sends the received ones from `first` to before `end` on, that way or to where `fd` is connected. What the kernel
  // has no room for is lost, as datagrams are.
  void send(int fd, int first, int end, const Way* way = nullptr);

 private:
  static constexpr size_t kMaxBytes = 64 << 10;
  static size_t at(int i) { return static_cast<size_t>(i); }

  std::array<mmsghdr, kBatch> messages_{};
  std::array<iovec, kBatch> parts_{};
  std::array<sockaddr_storage, kBatch> senders_{};
  struct alignas(cmsghdr) Control {
    char bytes[96];  // a pktinfo of each kind
  };
  std::array<Control, kBatch> controls_{};
  std::array<std::array<char, kMaxBytes>, kBatch> data_;
};

}  // namespace fl::proxy::udp
