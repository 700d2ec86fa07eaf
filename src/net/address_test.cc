#include "net/address.h"

#include <gtest/gtest.h>
#include <netinet/in.h>

namespace fl::net {
namespace {

TEST(IpAddress, ParseAndFormat) {
  const struct {
    std::string_view in, out;
  } cases[] = {
      {"0.0.0.0", "0.0.0.0"},
      {"10.0.0.1", "10.0.0.1"},
      {"255.255.255.255", "255.255.255.255"},
      {"192.168.100.9", "192.168.100.9"},
      {"::", "::"},
      {"::1", "::1"},
      {"2001:DB8::0:1", "2001:db8::1"},
      {"fe80::1%eth0", "fe80::1"},
      {"::ffff:1.2.3.4", "1.2.3.4"},
  };
  for (const auto& c : cases) {
    const auto ip = IpAddress::parse(c.in);
    ASSERT_TRUE(ip) << c.in;
    EXPECT_EQ(ip->to_string(), c.out);
  }
}

TEST(IpAddress, Refused) {
  using namespace std::string_view_literals;
  for (const auto text :
       {""sv, "1.2.3"sv, "1.2.3.4.5"sv, "256.1.1.1"sv, "1.2.3.4%eth0"sv, "1.2.3.4 "sv, " 1.2.3.4"sv, "01.2.3.4"sv,
        "::g"sv, "1::2::3"sv, "[::1]"sv, "localhost"sv, "1.2.3.4\0x"sv, "%"sv, "::1\0"sv, "1.2.3.4:80"sv, "0x7f.1"sv})
    EXPECT_FALSE(IpAddress::parse(text)) << text;
}

TEST(IpAddress, Properties) {
  EXPECT_TRUE(IpAddress::parse("127.9.9.9")->is_loopback());
  EXPECT_TRUE(IpAddress::parse("::1")->is_loopback());
  EXPECT_FALSE(IpAddress::parse("128.0.0.1")->is_loopback());
  EXPECT_TRUE(IpAddress::parse("::")->is_unspecified());
  EXPECT_TRUE(IpAddress().is_unspecified());
  EXPECT_FALSE(IpAddress::parse("::1")->is_unspecified());
  EXPECT_TRUE(IpAddress::parse("::ffff:1.2.3.4")->is_v4());
  EXPECT_FALSE(IpAddress::parse("::1.2.3.4")->is_v4());
  EXPECT_EQ(*IpAddress::parse("::ffff:1.2.3.4"), *IpAddress::parse("1.2.3.4"));
}

TEST(Cidr, Contains) {
  const struct {
    std::string_view network, address;
    bool inside;
  } cases[] = {
      {"10.0.0.0/8", "10.255.0.1", true},
      {"10.0.0.0/8", "11.0.0.0", false},
      {"10.1.2.3/8", "10.9.9.9", true},
      {"0.0.0.0/0", "8.8.8.8", true},
      {"0.0.0.0/0", "::1", false},
      {"::/0", "::1", true},
      {"::/0", "1.2.3.4", false},
      {"192.168.1.1", "192.168.1.1", true},
      {"192.168.1.1", "192.168.1.2", false},
      {"192.168.1.128/25", "192.168.1.127", false},
      {"192.168.1.128/25", "192.168.1.129", true},
      {"2001:db8::/33", "2001:db8:7fff::1", true},
      {"2001:db8::/33", "2001:db8:8000::1", false},
      {"1.2.3.4/32", "1.2.3.4", true},
      {"1.2.3.4/32", "1.2.3.5", false},
      {"10.0.0.0/8", "::ffff:10.1.1.1", true},
      {"::1/128", "::1", true},
  };
  for (const auto& c : cases) {
    const auto network = Cidr::parse(c.network);
    ASSERT_TRUE(network) << c.network;
    EXPECT_EQ(network->contains(*IpAddress::parse(c.address)), c.inside) << c.network << " " << c.address;
  }
}

TEST(Cidr, FormatAndRefused) {
  EXPECT_EQ(Cidr::parse("10.0.0.0/8")->to_string(), "10.0.0.0/8");
  EXPECT_EQ(Cidr::parse("10.0.0.1")->to_string(), "10.0.0.1/32");
  EXPECT_EQ(Cidr::parse("::1")->to_string(), "::1/128");
  for (const auto text : {"", "/8", "10.0.0.0/", "10.0.0.0/33", "::/129", "10.0.0.0/-1", "10.0.0.0/+8", "10.0.0.0/8/8",
                          "10.0.0.0/a", "10.0.0.0/ 8", "example.com/8", "10.0.0.0/4294967304"})
    EXPECT_FALSE(Cidr::parse(text)) << text;
}

TEST(SocketAddress, ThereAndBack) {
  for (const auto text : {"1.2.3.4", "::1", "2001:db8::5"}) {
    const SocketAddress address{*IpAddress::parse(text), 8080};
    sockaddr_storage storage;
    const auto size = address.to_sockaddr(storage);
    EXPECT_EQ(size, address.ip.is_v4() ? sizeof(sockaddr_in) : sizeof(sockaddr_in6));
    EXPECT_EQ(SocketAddress::from(reinterpret_cast<sockaddr*>(&storage)), address);
  }
  EXPECT_EQ((SocketAddress{*IpAddress::parse("1.2.3.4"), 80}).to_string(), "1.2.3.4:80");
  EXPECT_EQ((SocketAddress{*IpAddress::parse("::1"), 80}).to_string(), "[::1]:80");
}

}  // namespace
}  // namespace fl::net
