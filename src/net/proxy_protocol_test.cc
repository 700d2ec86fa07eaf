#include "net/proxy_protocol.h"

#include <gtest/gtest.h>

namespace fl::net {
namespace {

using namespace std::string_literals;
using Status = ProxyHeader::Status;

SocketAddress at(std::string_view ip, uint16_t port) { return {*IpAddress::parse(ip), port}; }

const std::string kSignature = "\r\n\r\n\0\r\nQUIT\n"s;

std::string v2(uint8_t version_command, uint8_t family, size_t length, const std::string& rest) {
  return kSignature + static_cast<char>(version_command) + static_cast<char>(family) + static_cast<char>(length >> 8) +
         static_cast<char>(length) + rest;
}

struct Case {
  std::string bytes;
  Status status;
};

TEST(ProxyProtocol, StatusOfText) {
  const Case cases[] = {
      {"", Status::incomplete},
      {"P", Status::incomplete},
      {"PROXY", Status::incomplete},
      {"PROXY ", Status::incomplete},
      {"PROXY TCP4 1.2.3.4 5.6.7.8 1 2\r", Status::incomplete},
      {"PROXY TCP4 1.2.3.4 5.6.7.8 1 2\r\n", Status::done},
      {"PROXY TCP4 255.255.255.255 255.255.255.255 65535 65535\r\n", Status::done},
      {"PROXY TCP6 ::1 fe80::2 0 65535\r\n", Status::done},
      {"PROXY UNKNOWN\r\n", Status::done},
      {"PROXY UNKNOWN ffff::1 what ever\r\n", Status::done},
      {"GET / HTTP/1.1\r\n", Status::none},
      {"PUT / HTTP/1.1\r\n", Status::none},
      {"PROXYX", Status::none},
      {"proxy TCP4", Status::none},
      {"\x16\x03\x01", Status::none},
      {"PROXY \r\n", Status::malformed},
      {"PROXY \n", Status::malformed},
      {"PROXY UNKNOWN\n", Status::malformed},
      {"PROXY UNKNOWNX\r\n", Status::malformed},
      {"PROXY UDP4 1.2.3.4 5.6.7.8 1 2\r\n", Status::malformed},
      {"PROXY TCP4 1.2.3.4 5.6.7.8 1\r\n", Status::malformed},
      {"PROXY TCP4 1.2.3.4 5.6.7.8 1 2 \r\n", Status::malformed},
      {"PROXY TCP4  1.2.3.4 5.6.7.8 1 2\r\n", Status::malformed},
      {"PROXY TCP4 1.2.3.4 5.6.7.8 01 2\r\n", Status::malformed},
      {"PROXY TCP4 1.2.3.4 5.6.7.8 1 65536\r\n", Status::malformed},
      {"PROXY TCP4 1.2.3.4 5.6.7.8 -1 2\r\n", Status::malformed},
      {"PROXY TCP4 1.2.3.4 5.6.7.8 +1 2\r\n", Status::malformed},
      {"PROXY TCP4 1.2.3.04 5.6.7.8 1 2\r\n", Status::malformed},
      {"PROXY TCP4 1.2.3 5.6.7.8 1 2\r\n", Status::malformed},
      {"PROXY TCP4 ::1 ::2 1 2\r\n", Status::malformed},
      {"PROXY TCP6 1.2.3.4 5.6.7.8 1 2\r\n", Status::malformed},
      {"PROXY TCP6 fe80::1%lo ::2 1 2\r\n", Status::malformed},
      {"PROXY TCP4 1.2.3.4 5.6.7.8 1 2\r\r\n", Status::malformed},
      {"PROXY UNKNOWN " + std::string(91, 'x') + "\r\n", Status::done},       // 107 bytes
      {"PROXY UNKNOWN " + std::string(92, 'x') + "\r\n", Status::malformed},  // 108
      {"PROXY UNKNOWN " + std::string(92, 'x'), Status::incomplete},
      {"PROXY UNKNOWN " + std::string(93, 'x'), Status::malformed},
  };
  for (const auto& c : cases) EXPECT_EQ(parse_proxy_header(c.bytes).status, c.status) << c.bytes;
}

TEST(ProxyProtocol, StatusOfBinary) {
  const std::string v4(12, '\1'), v6(36, '\1');
  const Case cases[] = {
      {"\r\n", Status::incomplete},
      {kSignature, Status::incomplete},
      {kSignature + "\x21", Status::incomplete},
      {"\r\n\r\n\0\r\nQUIX"s, Status::none},
      {"\r\n\r\nGET", Status::none},
      {v2(0x21, 0x11, 12, v4), Status::done},
      {v2(0x21, 0x12, 12, v4), Status::done},
      {v2(0x21, 0x21, 36, v6), Status::done},
      {v2(0x21, 0x31, 216, std::string(216, '/')), Status::done},
      {v2(0x21, 0x00, 0, ""), Status::done},
      {v2(0x20, 0x00, 0, ""), Status::done},
      {v2(0x20, 0xff, 3, "abc"), Status::done},  // LOCAL: the family does not matter
      {v2(0x21, 0x11, 12, v4.substr(1)), Status::incomplete},
      {v2(0x21, 0x11, 20, v4), Status::incomplete},
      {v2(0x21, 0x11, 4080, v4 + std::string(4068, '\4')), Status::done},
      {v2(0x21, 0x11, 4081, ""), Status::malformed},
      {v2(0x21, 0x11, 11, v4), Status::malformed},
      {v2(0x21, 0x21, 35, v6), Status::malformed},
      {v2(0x11, 0x11, 12, v4), Status::malformed},
      {v2(0x22, 0x11, 12, v4), Status::malformed},
      {v2(0x21, 0x41, 12, v4), Status::malformed},
      {v2(0x21, 0x13, 12, v4), Status::malformed},
  };
  for (size_t i = 0; i < std::size(cases); ++i)
    EXPECT_EQ(parse_proxy_header(cases[i].bytes).status, cases[i].status) << i;
}

TEST(ProxyProtocol, ExtensionsAreSkippedAndDataFollows) {
  const std::string extension = "\x04\x00\x03xyz"s;
  const std::string block = "\x01\x02\x03\x04\x05\x06\x07\x08\x00\x50\x01\xbb"s + extension;
  const ProxyHeader want{Status::done, true, 16 + block.size(), at("1.2.3.4", 80), at("5.6.7.8", 443)};
  EXPECT_EQ(parse_proxy_header(v2(0x21, 0x11, block.size(), block) + "GET / HTTP/1.1\r\n"), want);
}

// Each prefix of a header is incomplete, the header is done whatever follows, and says what was written.
TEST(ProxyProtocol, WhatIsWrittenIsRead) {
  const std::pair<SocketAddress, SocketAddress> pairs[] = {
      {at("192.0.2.1", 56324), at("192.0.2.2", 443)},
      {at("2001:db8::1", 1), at("2001:db8::2", 65535)},
      {at("192.0.2.1", 0), at("2001:db8::2", 80)},
      {at("ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff", 65535), at("ffff:ffff:ffff:ffff:ffff:ffff:ffff:fffe", 65535)},
  };
  for (const auto& [source, destination] : pairs) {
    for (const auto& header :
         {write_proxy_header_v1(source, destination), write_proxy_header_v2(source, destination)}) {
      for (size_t n = 0; n < header.size(); ++n)
        EXPECT_EQ(parse_proxy_header(std::string_view(header).substr(0, n)).status, Status::incomplete) << n;
      EXPECT_EQ(parse_proxy_header(header + "GET"),
                (ProxyHeader{Status::done, true, header.size(), source, destination}));
    }
  }
  EXPECT_EQ(write_proxy_header_v1(pairs[0].first, pairs[0].second), "PROXY TCP4 192.0.2.1 192.0.2.2 56324 443\r\n");
  EXPECT_EQ(write_proxy_header_v1(pairs[2].first, pairs[2].second), "PROXY TCP6 ::ffff:192.0.2.1 2001:db8::2 0 80\r\n");
}

}  // namespace
}  // namespace fl::net
