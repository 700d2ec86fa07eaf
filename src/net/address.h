// IP addresses, networks and socket addresses as values. Pure; any thread.
#pragma once

#include <array>
#include <cstdint>
#include <string>
#include <string_view>

#include "base/result.h"

struct sockaddr;
struct sockaddr_storage;

namespace fl::net {

// IPv4 is held in its IPv4-mapped IPv6 form, so that one comparison serves both.
class IpAddress {
 public:
  IpAddress() = default;  // 0.0.0.0
  // "10.0.0.1", "::1", "fe80::1%eth0" (the zone is dropped). Errors: anything else.
  static Result<IpAddress> parse(std::string_view text);
  static IpAddress v4(std::array<uint8_t, 4> bytes);
  static IpAddress v6(std::array<uint8_t, 16> bytes);  // a mapped IPv4 becomes IPv4

  bool is_v4() const;
  bool is_loopback() const;
  bool is_unspecified() const;
  const std::array<uint8_t, 16>& bytes() const { return bytes_; }

  // Writes the usual text form, at most 45 bytes, no terminator; returns its length. No allocation.
  size_t write(char* out) const;
  std::string to_string() const;

  auto operator<=>(const IpAddress&) const = default;

 private:
  std::array<uint8_t, 16> bytes_{0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0xff, 0xff, 0, 0, 0, 0};
};

inline constexpr size_t kMaxIpText = 46;

// A network: address and prefix length.
class Cidr {
 public:
  // "10.0.0.0/8", "::/0", or a plain address (one host).
  static Result<Cidr> parse(std::string_view text);
  bool contains(const IpAddress& address) const;
  std::string to_string() const;
  bool operator==(const Cidr&) const = default;

 private:
  IpAddress network_;
  uint8_t prefix_ = 128;  // counted in the 128-bit form
};

struct SocketAddress {
  IpAddress ip;
  uint16_t port = 0;

  static SocketAddress from(const sockaddr* address);
  // Fills `out`; returns the length for bind() and connect().
  uint32_t to_sockaddr(sockaddr_storage& out) const;
  std::string to_string() const;  // "1.2.3.4:80", "[::1]:80"

  auto operator<=>(const SocketAddress&) const = default;
};

}  // namespace fl::net
