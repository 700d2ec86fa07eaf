#include "net/proxy_protocol.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <cstring>
#include <optional>

#include "base/strings.h"

namespace fl::net {
namespace {

using namespace std::string_view_literals;
using Status = ProxyHeader::Status;

constexpr std::string_view kText = "PROXY ";
constexpr size_t kMaxTextLine = 107;  // with its CRLF
constexpr std::string_view kSignature = "\r\n\r\n\0\r\nQUIT\n"sv;
constexpr size_t kFixedPart = 16;
constexpr size_t kV4Block = 12, kV6Block = 36;

// True as long as neither text contradicts the other.
bool may_begin_with(std::string_view bytes, std::string_view prefix) {
  const size_t n = std::min(bytes.size(), prefix.size());
  return bytes.substr(0, n) == prefix.substr(0, n);
}

// Decimal without leading zeros, as the specification wants it.
std::optional<uint16_t> parse_port(std::string_view text) {
  if (text.size() > 1 && text.front() == '0') return std::nullopt;
  const auto port = parse_uint(text);
  if (!port || *port > 65535) return std::nullopt;
  return static_cast<uint16_t>(*port);
}

std::optional<SocketAddress> parse_endpoint(std::string_view ip_text, std::string_view port_text, bool want_v4) {
  const bool looks_v4 = ip_text.find(':') == ip_text.npos;
  if (looks_v4 != want_v4 || ip_text.find('%') != ip_text.npos) return std::nullopt;
  const auto ip = IpAddress::parse(ip_text);
  const auto port = parse_port(port_text);
  if (!ip || !port) return std::nullopt;
  return SocketAddress{*ip, *port};
}

// "PROXY TCP4 192.0.2.1 192.0.2.2 56324 443\r\n"; after "PROXY UNKNOWN" anything may follow.
ProxyHeader parse_text(std::string_view bytes) {
  const std::string_view window = bytes.substr(0, kMaxTextLine);
  const size_t lf = window.find('\n');
  if (lf == window.npos) return {window.size() < kMaxTextLine ? Status::incomplete : Status::malformed};
  if (window[lf - 1] != '\r') return {Status::malformed};
  const std::string_view line = window.substr(kText.size(), lf - 1 - kText.size());
  const size_t size = lf + 1;
  if (line == "UNKNOWN" || line.starts_with("UNKNOWN ")) return {Status::done, false, size};

  const auto words = split(line, ' ');
  if (words.size() != 5 || (words[0] != "TCP4" && words[0] != "TCP6")) return {Status::malformed};
  const bool v4 = words[0] == "TCP4";
  const auto source = parse_endpoint(words[1], words[3], v4);
  const auto destination = parse_endpoint(words[2], words[4], v4);
  if (!source || !destination) return {Status::malformed};
  return {Status::done, true, size, *source, *destination};
}

uint16_t read_u16(const char* at) {
  return static_cast<uint16_t>(static_cast<uint8_t>(at[0]) << 8 | static_cast<uint8_t>(at[1]));
}

template <size_t N>
std::array<uint8_t, N> read_bytes(const char* at) {
  std::array<uint8_t, N> out;
  std::memcpy(out.data(), at, N);
  return out;
}

// Signature, version and command, family and transport, length, addresses, extensions.
ProxyHeader parse_binary(std::string_view bytes) {
  if (bytes.size() < kFixedPart) return {Status::incomplete};
  const auto version_command = static_cast<uint8_t>(bytes[12]);
  const auto family_transport = static_cast<uint8_t>(bytes[13]);
  const size_t length = read_u16(bytes.data() + 14);
  const size_t size = kFixedPart + length;
  const unsigned command = version_command & 0xf, family = family_transport >> 4, transport = family_transport & 0xf;
  if (version_command >> 4 != 2 || command > 1 || size > kMaxProxyHeader) return {Status::malformed};
  const bool local = command == 0;
  if (!local && (family > 3 || transport > 2)) return {Status::malformed};
  if (bytes.size() < size) return {Status::incomplete};
  if (local) return {Status::done, false, size};

  const char* block = bytes.data() + kFixedPart;
  if (family == 1) {
    if (length < kV4Block) return {Status::malformed};
    return {Status::done,
            true,
            size,
            {IpAddress::v4(read_bytes<4>(block)), read_u16(block + 8)},
            {IpAddress::v4(read_bytes<4>(block + 4)), read_u16(block + 10)}};
  }
  if (family == 2) {
    if (length < kV6Block) return {Status::malformed};
    return {Status::done,
            true,
            size,
            {IpAddress::v6(read_bytes<16>(block)), read_u16(block + 32)},
            {IpAddress::v6(read_bytes<16>(block + 16)), read_u16(block + 34)}};
  }
  return {Status::done, false, size};
}

void append_u16(std::string& out, size_t value) {
  out += static_cast<char>(value >> 8);
  out += static_cast<char>(value);
}

}  // namespace

ProxyHeader parse_proxy_header(std::string_view bytes) {
  if (may_begin_with(bytes, kSignature)) return parse_binary(bytes);
  if (!may_begin_with(bytes, kText)) return {Status::none};
  return bytes.size() < kText.size() ? ProxyHeader{Status::incomplete} : parse_text(bytes);
}

std::string write_proxy_header_v1(const SocketAddress& source, const SocketAddress& destination) {
  const bool v4 = source.ip.is_v4() && destination.ip.is_v4();
  const auto text = [v4](const IpAddress& ip) { return (ip.is_v4() && !v4 ? "::ffff:" : "") + ip.to_string(); };
  return fmt::format("PROXY {} {} {} {} {}\r\n", v4 ? "TCP4" : "TCP6", text(source.ip), text(destination.ip),
                     source.port, destination.port);
}

std::string write_proxy_header_v2(const SocketAddress& source, const SocketAddress& destination) {
  const bool v4 = source.ip.is_v4() && destination.ip.is_v4();
  std::string out(kSignature);
  out += "\x21";
  out += v4 ? '\x11' : '\x21';
  append_u16(out, v4 ? kV4Block : kV6Block);
  const size_t skip = v4 ? 12 : 0;  // IPv4 stands at the end of the mapped form
  for (const auto* address : {&source, &destination}) {
    const auto& bytes = address->ip.bytes();
    out.append(reinterpret_cast<const char*>(bytes.data()) + skip, bytes.size() - skip);
  }
  append_u16(out, source.port);
  append_u16(out, destination.port);
  return out;
}

}  // namespace fl::net
