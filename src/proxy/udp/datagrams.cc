#include "proxy/udp/datagrams.h"

#include <netinet/in.h>

#include <cerrno>
#include <cstring>
#include <memory>

namespace fl::proxy::udp {

Datagrams& Datagrams::of_this_thread() {
  static thread_local const std::unique_ptr<Datagrams> batch(new Datagrams);
  return *batch;
}

void Datagrams::ask_for_destinations(int fd) {
  const int on = 1;  // the one that is not of the socket's family fails, or does no harm
  ::setsockopt(fd, IPPROTO_IP, IP_PKTINFO, &on, sizeof on);
  ::setsockopt(fd, IPPROTO_IPV6, IPV6_RECVPKTINFO, &on, sizeof on);
}

int Datagrams::receive(int fd) {
  for (size_t i = 0; i < kBatch; ++i) {
    parts_[i] = {data_[i].data(), kMaxBytes};
    messages_[i].msg_hdr = {};
    messages_[i].msg_hdr.msg_name = &senders_[i];
    messages_[i].msg_hdr.msg_namelen = sizeof senders_[i];
    messages_[i].msg_hdr.msg_iov = &parts_[i];
    messages_[i].msg_hdr.msg_iovlen = 1;
    messages_[i].msg_hdr.msg_control = controls_[i].bytes;
    messages_[i].msg_hdr.msg_controllen = sizeof controls_[i].bytes;
  }
  const int n = ::recvmmsg(fd, messages_.data(), kBatch, MSG_DONTWAIT, nullptr);
  return n >= 0 ? n : -errno;
}

net::SocketAddress Datagrams::sender(int i) const {
  return net::SocketAddress::from(reinterpret_cast<const sockaddr*>(&senders_[at(i)]));
}

std::optional<net::IpAddress> Datagrams::destination(int i) const {
  msghdr header = messages_[at(i)].msg_hdr;
  for (cmsghdr* part = CMSG_FIRSTHDR(&header); part != nullptr; part = CMSG_NXTHDR(&header, part)) {
    if (part->cmsg_level == IPPROTO_IP && part->cmsg_type == IP_PKTINFO) {
      in_pktinfo packet;
      std::memcpy(&packet, CMSG_DATA(part), sizeof packet);
      std::array<uint8_t, 4> bytes;
      std::memcpy(bytes.data(), &packet.ipi_spec_dst, bytes.size());
      return net::IpAddress::v4(bytes);
    }
    if (part->cmsg_level == IPPROTO_IPV6 && part->cmsg_type == IPV6_PKTINFO) {
      in6_pktinfo packet;
      std::memcpy(&packet, CMSG_DATA(part), sizeof packet);
      std::array<uint8_t, 16> bytes;
      std::memcpy(bytes.data(), &packet.ipi6_addr, bytes.size());
      return net::IpAddress::v6(bytes);
    }
  }
  return std::nullopt;
}

namespace {

// Writes who a datagram is from into `header`, whose control has room for it.
void set_source(msghdr& header, const net::IpAddress& from) {
  cmsghdr* part = reinterpret_cast<cmsghdr*>(header.msg_control);
  if (from.is_v4()) {
    in_pktinfo packet{};
    std::memcpy(&packet.ipi_spec_dst, from.bytes().data() + 12, 4);
    *part = {.cmsg_len = CMSG_LEN(sizeof packet), .cmsg_level = IPPROTO_IP, .cmsg_type = IP_PKTINFO};
    std::memcpy(CMSG_DATA(part), &packet, sizeof packet);
    header.msg_controllen = CMSG_SPACE(sizeof packet);
  } else {
    in6_pktinfo packet{};
    std::memcpy(&packet.ipi6_addr, from.bytes().data(), 16);
    *part = {.cmsg_len = CMSG_LEN(sizeof packet), .cmsg_level = IPPROTO_IPV6, .cmsg_type = IPV6_PKTINFO};
    std::memcpy(CMSG_DATA(part), &packet, sizeof packet);
    header.msg_controllen = CMSG_SPACE(sizeof packet);
  }
}

}  // namespace

void Datagrams::send(int fd, int first, int end, const Way* way) {
  sockaddr_storage address;
  const socklen_t length = way != nullptr ? way->receiver.to_sockaddr(address) : 0;
  for (int i = first; i < end; ++i) {
    msghdr& header = messages_[at(i)].msg_hdr;
    header = {};
    parts_[at(i)].iov_len = messages_[at(i)].msg_len;
    header.msg_name = way != nullptr ? &address : nullptr;
    header.msg_namelen = length;
    header.msg_iov = &parts_[at(i)];
    header.msg_iovlen = 1;
    if (way == nullptr || !way->from) continue;
    header.msg_control = controls_[at(i)].bytes;
    set_source(header, *way->from);
  }
  while (first < end) {
    const int n = ::sendmmsg(fd, &messages_[at(first)], static_cast<unsigned>(end - first), MSG_DONTWAIT);
    if (n < 0 && errno == EAGAIN) return;
    first += n > 0 ? n : 1;  // one that cannot be sent does not hold up the others
  }
}

}  // namespace fl::proxy::udp
