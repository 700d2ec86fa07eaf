#include "proxy/udp/datagrams.h"

#include <cerrno>
#include <memory>

namespace fl::proxy::udp {

Datagrams& Datagrams::of_this_thread() {
  static thread_local const std::unique_ptr<Datagrams> batch(new Datagrams);
  return *batch;
}

int Datagrams::receive(int fd) {
  for (size_t i = 0; i < kBatch; ++i) {
    parts_[i] = {data_[i].data(), kMaxBytes};
    messages_[i].msg_hdr = {};
    messages_[i].msg_hdr.msg_name = &senders_[i];
    messages_[i].msg_hdr.msg_namelen = sizeof senders_[i];
    messages_[i].msg_hdr.msg_iov = &parts_[i];
    messages_[i].msg_hdr.msg_iovlen = 1;
  }
  const int n = ::recvmmsg(fd, messages_.data(), kBatch, MSG_DONTWAIT, nullptr);
  return n >= 0 ? n : -errno;
}

net::SocketAddress Datagrams::sender(int i) const {
  return net::SocketAddress::from(reinterpret_cast<const sockaddr*>(&senders_[at(i)]));
}

void Datagrams::send(int fd, int first, int end, const net::SocketAddress* receiver) {
  sockaddr_storage address;
  const socklen_t length = receiver != nullptr ? receiver->to_sockaddr(address) : 0;
  for (int i = first; i < end; ++i) {
    msghdr& header = messages_[at(i)].msg_hdr;
    header = {};
    parts_[at(i)].iov_len = messages_[at(i)].msg_len;
    header.msg_name = receiver != nullptr ? &address : nullptr;
    header.msg_namelen = length;
    header.msg_iov = &parts_[at(i)];
    header.msg_iovlen = 1;
  }
  while (first < end) {
    const int n = ::sendmmsg(fd, &messages_[at(first)], static_cast<unsigned>(end - first), MSG_DONTWAIT);
    if (n < 0 && errno == EAGAIN) return;
    first += n > 0 ? n : 1;  // one that cannot be sent does not hold up the others
  }
}

}  // namespace fl::proxy::udp
