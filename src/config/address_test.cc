#include "config/address.h"

#include <gtest/gtest.h>

namespace fl::config {
namespace {

constexpr auto kTcp = Address::Protocol::tcp;
constexpr auto kUdp = Address::Protocol::udp;

TEST(ParseAddress, Valid) {
  struct Case {
    const char* text;
    Address address;
    const char* canonical;
  };
  const Case cases[] = {
      {":80", {"", 80, kTcp}, ":80"},
      {":0", {"", 0, kTcp}, ":0"},
      {"127.0.0.1:8080/TCP", {"127.0.0.1", 8080, kTcp}, "127.0.0.1:8080"},
      {"[::1]:53/Udp", {"::1", 53, kUdp}, "[::1]:53/udp"},
      {"localhost:65535", {"localhost", 65535, kTcp}, "localhost:65535"},
  };
  for (const Case& c : cases) {
    const auto address = parse_address(c.text);
    ASSERT_TRUE(address) << c.text;
    EXPECT_EQ(*address, c.address) << c.text;
    EXPECT_EQ(address->to_text(), c.canonical);
  }
}

TEST(ParseAddress, Invalid) {
  for (const char* text : {"", "80", ":", ":65536", ":-1", ":http", ":80/sctp", ":80/", "::1:80", "[::1:80", "[]:80",
                           "[::1]", "a b:80", "[::1]x:80", ":80/tcp/udp"})
    EXPECT_FALSE(parse_address(text)) << text;
}

}  // namespace
}  // namespace fl::config
