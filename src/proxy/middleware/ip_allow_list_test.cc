#include "proxy/middleware/ip_allow_list.h"

#include "proxy/middleware/exchange_for_test.h"
#include "proxy/middleware/ip_strategy.h"

namespace fl::proxy::middleware {
namespace {

TEST(IpStrategy, WhichAddressIsTheClients) {
  struct Case {
    std::optional<config::dynamic::IpStrategy> options;
    std::vector<std::string> forwarded_for;  // one a line
    std::string_view peer, want;
  };
  using Options = config::dynamic::IpStrategy;
  const auto depth = [](int64_t n) { return Options{.depth = n, .excluded_ips = {}, .ipv6_subnet = {}}; };
  const auto excluding = [](std::vector<std::string> ips) {
    return Options{.excluded_ips = std::move(ips), .ipv6_subnet = {}};
  };
  const auto subnet = [](int64_t bits) { return Options{.excluded_ips = {}, .ipv6_subnet = bits}; };
  for (const Case& c : std::initializer_list<Case>{
           {{}, {"1.1.1.1"}, "10.0.0.9", "10.0.0.9"},
           {Options{}, {"1.1.1.1"}, "::1", "::1"},
           {depth(-1), {"1.1.1.1"}, "10.0.0.9", "10.0.0.9"},
           {depth(1), {"10.0.0.2, 10.0.0.1"}, "::1", "10.0.0.1"},
           {depth(2), {"10.0.0.2,10.0.0.1"}, "::1", "10.0.0.2"},
           {depth(2), {"10.0.0.3", "10.0.0.2", "10.0.0.1"}, "::1", "10.0.0.2"},
           {depth(3), {"10.0.0.2,10.0.0.1"}, "::1", ""},
           {depth(1), {}, "10.0.0.9", ""},
           {depth(1), {""}, "10.0.0.9", ""},
           {depth(2), {"10.0.0.2,,10.0.0.1"}, "10.0.0.9", ""},
           {depth(1), {"unknown"}, "10.0.0.9", ""},
           {depth(1), {"10.0.0.1:4711"}, "::1", "10.0.0.1"},
           {depth(1), {"[2001:db8::1]:80"}, "::1", "2001:db8::1"},
           {depth(1), {"[2001:db8::1]"}, "::1", "2001:db8::1"},
           {depth(1), {"2001:db8::1"}, "::1", "2001:db8::1"},
           {depth(1), {"["}, "::1", ""},
           {excluding({"10.0.0.1/24"}), {"127.0.0.1,10.0.0.4,10.0.0.3", "10.0.0.1"}, "::1", "127.0.0.1"},
           {excluding({"10.0.0.1/24"}), {"10.0.0.4,10.0.0.3"}, "::1", ""},
           {excluding({"10.0.0.1"}), {"8.8.8.8, , 10.0.0.1"}, "::1", "8.8.8.8"},
           {excluding({"10.0.0.1"}), {"8.8.8.8, unknown, 10.0.0.1"}, "::1", ""},
           {excluding({"10.0.0.1"}), {}, "8.8.8.8", ""},
           {Options{.depth = 1, .excluded_ips = {"10.0.0.1"}, .ipv6_subnet = {}}, {"10.0.0.1"}, "::1", "10.0.0.1"},
           {subnet(64), {}, "2001:db8:1:2:3:4:5:6", "2001:db8:1:2::"},
           {subnet(44), {}, "2001:db8:1fff:2::", "2001:db8:1ff0::"},
           {subnet(64), {}, "10.1.2.3", "10.1.2.3"},
           {subnet(128), {}, "2001:db8::1", "2001:db8::1"},
       }) {
    const auto strategy = IpStrategy::make(c.options);
    ASSERT_TRUE(strategy) << strategy.error().message;
    ExchangeForTest x;
    x.info.peer.ip = *net::IpAddress::parse(c.peer);
    for (const std::string& line : c.forwarded_for) x.request.headers.append(http::HeaderId::x_forwarded_for, line);
    const auto client = strategy->client_of(x);
    EXPECT_EQ(client ? client->to_string() : "", c.want) << ::testing::PrintToString(c.forwarded_for);
  }
  EXPECT_FALSE(IpStrategy::make(subnet(0)));
  EXPECT_FALSE(IpStrategy::make(subnet(129)));
  EXPECT_FALSE(IpStrategy::make(excluding({"10.0.0.0/33"})));
}

TEST(IpAllowList, LetsOnlyTheListedThrough) {
  struct Case {
    std::vector<std::string> range;
    int64_t status;
    std::string_view peer;
    uint16_t want;
    std::string_view body;
  };
  for (const Case& c : std::initializer_list<Case>{
           {{"20.20.20.20"}, 0, "20.20.20.20", 200, "next"},
           {{"20.20.20.20"}, 0, "20.20.20.21", 403, "Forbidden"},
           {{"20.20.20.20"}, 404, "20.20.20.21", 404, "Not Found"},
           {{"1.1.1.1", "20.20.0.0/16"}, 404, "20.20.20.21", 200, "next"},
           {{"2001:db8::/32"}, 0, "2001:db8::1", 200, "next"},
           {{"::/0"}, 0, "1.1.1.1", 403, "Forbidden"},
       }) {
    const auto next = std::make_shared<NextForTest>();
    const auto handler =
        make_ip_allow_list({.source_range = c.range, .ip_strategy = {}, .reject_status_code = c.status}, next);
    ASSERT_TRUE(handler) << handler.error().message;
    ExchangeForTest x;
    x.info.peer.ip = *net::IpAddress::parse(c.peer);
    run(*handler, x);
    EXPECT_EQ(x.response.status, c.want) << c.peer;
    EXPECT_EQ(x.body(), c.body);
    EXPECT_EQ(next->calls, c.want == 200);
  }
}

TEST(IpAllowList, UnknownClientsStayOutside) {
  const auto next = std::make_shared<NextForTest>();
  const auto handler = make_ip_white_list(
      {.source_range = {"0.0.0.0/0", "::/0"},
       .ip_strategy = config::dynamic::IpStrategy{.depth = 1, .excluded_ips = {}, .ipv6_subnet = {}}},
      next);
  ASSERT_TRUE(handler);
  ExchangeForTest x;
  run(*handler, x);
  EXPECT_EQ(x.response.status, 403);
  EXPECT_EQ(next->calls, 0);
}

TEST(IpAllowList, WrongOptions) {
  using Options = config::dynamic::IpAllowList;
  EXPECT_EQ(make_ip_allow_list({}, nullptr).error().message, "sourceRange is empty, IPAllowLister not created");
  EXPECT_FALSE(make_ip_allow_list(Options{.source_range = {"foo"}, .ip_strategy = {}}, nullptr));
  for (const int64_t status : {600, 299, 101, -1, 65736})
    EXPECT_FALSE(make_ip_allow_list(
        Options{.source_range = {"10.10.10.10"}, .ip_strategy = {}, .reject_status_code = status}, nullptr))
        << status;
  EXPECT_FALSE(make_ip_allow_list(
      Options{.source_range = {"1.1.1.1"},
              .ip_strategy = config::dynamic::IpStrategy{.excluded_ips = {"foo"}, .ipv6_subnet = {}}},
      nullptr));
}

}  // namespace
}  // namespace fl::proxy::middleware
