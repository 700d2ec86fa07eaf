#include "net/address.h"

#include <arpa/inet.h>
#include <fmt/format.h>
#include <netinet/in.h>
#include <sys/socket.h>

#include <algorithm>
#include <cstring>

#include "base/strings.h"

namespace fl::net {

Result<IpAddress> IpAddress::parse(std::string_view text) {
  const std::string copy(text.substr(0, text.find('%')));
  if (copy.find('\0') != copy.npos) return fail(Code::invalid, "an IP address holds no NUL");  // inet_pton stops there
  in_addr a4{};
  if (copy.size() == text.size() && ::inet_pton(AF_INET, copy.c_str(), &a4) == 1) {
    std::array<uint8_t, 4> b{};
    std::memcpy(b.data(), &a4, 4);
    return v4(b);
  }
  in6_addr a6{};
  if (::inet_pton(AF_INET6, copy.c_str(), &a6) == 1) {
    std::array<uint8_t, 16> b{};
    std::memcpy(b.data(), &a6, 16);
    return v6(b);
  }
  return fail(Code::invalid, fmt::format("\"{}\" is not an IP address", text));
}

IpAddress IpAddress::v4(std::array<uint8_t, 4> bytes) {
  IpAddress out;
  std::ranges::copy(bytes, out.bytes_.begin() + 12);
  return out;
}

IpAddress IpAddress::v6(std::array<uint8_t, 16> bytes) {
  IpAddress out;
  out.bytes_ = bytes;
  return out;
}

bool IpAddress::is_v4() const {
  static constexpr std::array<uint8_t, 12> kMapped{0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0xff, 0xff};
  return std::memcmp(bytes_.data(), kMapped.data(), kMapped.size()) == 0;
}

bool IpAddress::is_loopback() const {
  if (is_v4()) return bytes_[12] == 127;
  static constexpr std::array<uint8_t, 16> kLoopback{0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 1};
  return bytes_ == kLoopback;
}

bool IpAddress::is_unspecified() const {
  return std::all_of(bytes_.begin() + 12, bytes_.end(), [](uint8_t b) { return b == 0; }) &&
         (is_v4() || std::all_of(bytes_.begin(), bytes_.begin() + 12, [](uint8_t b) { return b == 0; }));
}

size_t IpAddress::write(char* out) const {
  if (!is_v4()) {
    ::inet_ntop(AF_INET6, bytes_.data(), out, kMaxIpText);
    return std::strlen(out);
  }
  char* p = out;
  for (size_t i = 12; i < 16; ++i) {
    if (i != 12) *p++ = '.';
    const unsigned b = bytes_[i];
    if (b >= 100) *p++ = static_cast<char>('0' + b / 100);
    if (b >= 10) *p++ = static_cast<char>('0' + b / 10 % 10);
    *p++ = static_cast<char>('0' + b % 10);
  }
  return static_cast<size_t>(p - out);
}

std::string IpAddress::to_string() const {
  char text[kMaxIpText];
  return {text, write(text)};
}

Result<Cidr> Cidr::parse(std::string_view text) {
  Cidr out;
  const size_t slash = text.find('/');
  auto address = IpAddress::parse(text.substr(0, slash));
  if (!address)
    return fail(Code::invalid, fmt::format("\"{}\" is neither an IP address nor a network such as 10.0.0.0/8", text));
  out.network_ = *address;
  if (slash != text.npos) {
    const unsigned bits = address->is_v4() ? 32 : 128;
    const auto prefix = parse_uint(text.substr(slash + 1));
    if (!prefix || *prefix > bits)
      return fail(Code::invalid, fmt::format("\"{}\": the prefix length must be 0 to {}", text, bits));
    out.prefix_ = static_cast<uint8_t>(*prefix + (128 - bits));
  }
  return out;
}

bool Cidr::contains(const IpAddress& address) const {
  if (network_.is_v4() != address.is_v4()) return false;
  const size_t whole = prefix_ / 8;
  if (std::memcmp(network_.bytes().data(), address.bytes().data(), whole) != 0) return false;
  if (prefix_ % 8 == 0) return true;
  const auto mask = static_cast<uint8_t>(0xff << (8 - prefix_ % 8));
  return ((network_.bytes()[whole] ^ address.bytes()[whole]) & mask) == 0;
}

std::string Cidr::to_string() const {
  return fmt::format("{}/{}", network_.to_string(), network_.is_v4() ? prefix_ - 96 : prefix_);
}

SocketAddress SocketAddress::from(const sockaddr* address) {
  SocketAddress out;
  if (address->sa_family == AF_INET) {
    sockaddr_in a{};
    std::memcpy(&a, address, sizeof a);
    std::array<uint8_t, 4> b{};
    std::memcpy(b.data(), &a.sin_addr, 4);
    out.ip = IpAddress::v4(b);
    out.port = ntohs(a.sin_port);
  } else if (address->sa_family == AF_INET6) {
    sockaddr_in6 a{};
    std::memcpy(&a, address, sizeof a);
    std::array<uint8_t, 16> b{};
    std::memcpy(b.data(), &a.sin6_addr, 16);
    out.ip = IpAddress::v6(b);
    out.port = ntohs(a.sin6_port);
  }
  return out;
}

uint32_t SocketAddress::to_sockaddr(sockaddr_storage& out) const {
  std::memset(&out, 0, sizeof out);
  if (ip.is_v4()) {
    sockaddr_in a{};
    a.sin_family = AF_INET;
    a.sin_port = htons(port);
    std::memcpy(&a.sin_addr, ip.bytes().data() + 12, 4);
    std::memcpy(&out, &a, sizeof a);
    return sizeof a;
  }
  sockaddr_in6 a{};
  a.sin6_family = AF_INET6;
  a.sin6_port = htons(port);
  std::memcpy(&a.sin6_addr, ip.bytes().data(), 16);
  std::memcpy(&out, &a, sizeof a);
  return sizeof a;
}

std::string SocketAddress::to_string() const {
  return ip.is_v4() ? fmt::format("{}:{}", ip.to_string(), port) : fmt::format("[{}]:{}", ip.to_string(), port);
}

}  // namespace fl::net
