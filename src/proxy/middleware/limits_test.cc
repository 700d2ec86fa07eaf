// rateLimit and inFlightReq in the proxy: what waits, is refused, and counts until it is over.
#include "proxy/middleware/exchange_for_test.h"
#include "proxy/middleware/in_flight_req.h"
#include "proxy/middleware/rate_limit.h"
#include "proxy/middleware/source_criterion.h"
#include "proxy/proxy_for_test.h"

namespace fl::proxy {
namespace {

constexpr std::string_view kGet = "GET / HTTP/1.1\r\nHost: h\r\n\r\n";
constexpr std::string_view kOk = "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok";

class Limits : public ProxyForTest {
 protected:
  void start(config::dynamic::Middleware options) {
    Configuration configuration = all_to({origin.url()});
    configuration.http.middlewares["limit@file"] = std::move(options);
    configuration.http.routers["all@file"] = {
        .entry_points = {"web"}, .middlewares = {"limit@file"}, .service = "app@file", .rule = "PathPrefix(`/`)"};
    publish(configuration);
  }
  std::unique_ptr<Peer> ask(std::string_view ip, std::string_view request = kGet) {
    auto client = connect(ip);
    client->send(request);
    return client;
  }
  void serve() {
    auto server = accept_at(origin);
    receive_head(*server);
    server->send(kOk);
    quiesce();
  }

  testing::Origin origin{loop};
};

TEST_F(Limits, RateByAddress) {
  start({.rate_limit = config::dynamic::RateLimit{.average = 2, .burst = 1}});
  auto first = ask("10.0.0.1");
  serve();
  EXPECT_TRUE(receive_head(*first).starts_with("HTTP/1.1 200 "));
  auto second = ask("10.0.0.1");
  const std::string refused = receive_head(*second);
  EXPECT_TRUE(refused.starts_with("HTTP/1.1 429 Too Many Requests\r\n")) << refused;
  EXPECT_NE(refused.find("Retry-After: 1\r\n"), refused.npos) << refused;
  EXPECT_NE(refused.find("X-Retry-In: 500ms\r\n"), refused.npos) << refused;
  auto other = ask("10.0.0.2");
  serve();
  EXPECT_TRUE(receive_head(*other).starts_with("HTTP/1.1 200 "));

  pass(300ms);  // the rest of the time can be waited for: at most a quarter of a second at this rate
  auto patient = ask("10.0.0.1");
  quiesce();
  EXPECT_EQ(origin.accepted, 2);
  pass(200ms);
  serve();
  EXPECT_TRUE(receive_head(*patient).starts_with("HTTP/1.1 200 "));
}

TEST_F(Limits, InFlightUntilTheAnswerIsOut) {
  start({.in_flight_req = config::dynamic::InFlightReq{.amount = 1}});
  auto first = ask("10.0.0.1");
  auto server = accept_at(origin);
  receive_head(*server);
  server->send("HTTP/1.1 200 OK\r\nContent-Length: 4\r\n\r\nha");
  receive_head(*first);
  auto second = ask("10.0.0.2", "GET / HTTP/1.1\r\nHost: H\r\n\r\n");
  EXPECT_TRUE(receive_head(*second).starts_with("HTTP/1.1 429 "));
  EXPECT_EQ(receive_until(*second, "reached: 1"), "max connections reached: 1");
  auto other_host = ask("10.0.0.1", "GET / HTTP/1.1\r\nHost: other\r\n\r\n");
  serve();
  EXPECT_TRUE(receive_head(*other_host).starts_with("HTTP/1.1 200 "));

  server->send("lf");
  EXPECT_EQ(receive_until(*first, "half"), "half");
  quiesce();
  server.reset();
  auto third = ask("10.0.0.2");
  serve();
  EXPECT_TRUE(receive_head(*third).starts_with("HTTP/1.1 200 "));
}

TEST_F(Limits, AClientThatGoesGivesItsPlaceBack) {
  start({.in_flight_req = config::dynamic::InFlightReq{.amount = 1}});
  auto first = ask("10.0.0.1");
  auto server = accept_at(origin);
  receive_head(*server);
  first->reset();
  ASSERT_TRUE(ended_as(499));
  auto second = ask("10.0.0.2");
  serve();
  EXPECT_TRUE(receive_head(*second).starts_with("HTTP/1.1 200 "));
}

TEST(SourceCriterion, OfARequest) {
  using middleware::SourceCriterion;
  middleware::ExchangeForTest x("/", {{"X-Id", "7"}, {"X-Forwarded-For", "1.1.1.1, 2.2.2.2"}});
  const auto of = [&x](std::optional<config::dynamic::SourceCriterion> options, SourceCriterion::Default otherwise) {
    return std::string(SourceCriterion::make(options, otherwise)->source_of(x));
  };
  EXPECT_EQ(of({}, SourceCriterion::Default::address), "10.0.0.1");
  EXPECT_EQ(of({}, SourceCriterion::Default::host), "a.test");
  EXPECT_EQ(of({{.request_header_name = "x-id"}}, SourceCriterion::Default::host), "7");
  EXPECT_EQ(of({{.request_header_name = "none"}}, SourceCriterion::Default::host), "");
  EXPECT_EQ(of({{.request_host = true}}, SourceCriterion::Default::address), "a.test");
  EXPECT_EQ(of({{.ip_strategy = config::dynamic::IpStrategy{.depth = 2}}}, SourceCriterion::Default::host), "1.1.1.1");
  EXPECT_EQ(of({{.ip_strategy = config::dynamic::IpStrategy{.depth = 3}}}, SourceCriterion::Default::host), "");
  const auto two =
      SourceCriterion::make(config::dynamic::SourceCriterion{.request_header_name = "a", .request_host = true},
                            SourceCriterion::Default::host);
  ASSERT_FALSE(two);
  EXPECT_NE(two.error().message.find("mutually exclusive"), std::string::npos);
}

TEST(RateLimit, OptionsThatMakeNoSense) {
  const auto next = std::make_shared<middleware::NextForTest>();
  EXPECT_EQ(*middleware::make_rate_limit({.average = 0}, next), next) << "no limit";
  for (const auto& options :
       {config::dynamic::RateLimit{.average = -1}, config::dynamic::RateLimit{.average = 1, .period = -1s},
        config::dynamic::RateLimit{.average = 1, .redis = config::dynamic::Redis{}}})
    EXPECT_FALSE(middleware::make_rate_limit(options, next));
}

}  // namespace
}  // namespace fl::proxy
