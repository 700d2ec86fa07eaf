#include "proxy/middleware/circuit_breaker.h"

#include "proxy/middleware/answer_metrics.h"
#include "proxy/middleware/exchange_for_test.h"
#include "proxy/proxy_for_test.h"

namespace fl::proxy {
namespace {

using middleware::AnswerMetrics;

TEST(AnswerMetrics, StatusesOfTheLastTenSeconds) {
  AnswerMetrics metrics;
  TimePoint now(1000s);
  EXPECT_EQ(metrics.network_error_ratio(now), 0);
  for (const uint16_t status : std::initializer_list<uint16_t>{200, 502, 504, 503}) metrics.record(status, 1ms, now);
  EXPECT_DOUBLE_EQ(metrics.network_error_ratio(now), 0.5);
  EXPECT_DOUBLE_EQ(metrics.status_ratio(500, 600, 0, 600, now), 0.75);
  EXPECT_DOUBLE_EQ(metrics.status_ratio(500, 504, 500, 600, now), 2.0 / 3) << "the end is not within";
  EXPECT_EQ(metrics.status_ratio(500, 600, 300, 400, now), 0);
  now += 9s;
  metrics.record(200, 1ms, now);
  EXPECT_DOUBLE_EQ(metrics.status_ratio(200, 201, 0, 600, now), 0.4);
  now += 1s;
  EXPECT_DOUBLE_EQ(metrics.status_ratio(200, 201, 0, 600, now), 1) << "only the last is left";
  metrics.clear();
  EXPECT_EQ(metrics.status_ratio(200, 201, 0, 600, now), 0);
}

TEST(AnswerMetrics, LatenciesOfTheLastMinute) {
  AnswerMetrics metrics;
  TimePoint now(1000s);
  EXPECT_EQ(metrics.latency_at(50, now), 0s);
  for (int i = 1; i <= 100; ++i) metrics.record(200, std::chrono::milliseconds(i), now);
  for (const double percent : {1.0, 50.0, 90.0, 100.0}) {
    const double ms = std::chrono::duration<double, std::milli>(metrics.latency_at(percent, now)).count();
    EXPECT_GE(ms, percent);
    EXPECT_LE(ms, percent * 1.01);
  }
  metrics.record(200, 5h, now);
  EXPECT_LE(metrics.latency_at(100, now), 3630s) << "an hour is the longest";
  now += 59s;
  EXPECT_GT(metrics.latency_at(50, now), 0s);
  now += 10s;
  EXPECT_EQ(metrics.latency_at(50, now), 0s);
}

class CircuitBreakerTest : public ProxyForTest {
 protected:
  void start(config::dynamic::CircuitBreaker options) {
    Configuration configuration = all_to({origin.url()});
    configuration.http.middlewares["cb@file"].circuit_breaker = std::move(options);
    configuration.http.routers["all@file"].middlewares = {"cb@file"};
    publish(configuration);
    client = connect();
  }
  // -> the status the client gets; the server is asked only when it is not refused
  std::string ask(std::string_view served, Duration latency = 0s) {
    client->send("GET / HTTP/1.1\r\nHost: h\r\n\r\n");
    if (!served.empty()) {
      if (!server) server = accept_at(origin);
      receive_head(*server);
      if (latency > 0s) pass(latency);
      server->send("HTTP/1.1 " + std::string(served) + " \r\nContent-Length: 0\r\n\r\n");
    }
    const std::string head = receive_head(*client);
    if (served.empty()) receive_until(*client, "Service Unavailable");
    return head.substr(9, 3);
  }

  testing::Origin origin{loop};
  std::unique_ptr<Peer> client, server;
};

TEST_F(CircuitBreakerTest, OpensRecoversAndCloses) {
  start({.expression = "ResponseCodeRatio(500, 600, 0, 600) > 0.5"});
  EXPECT_EQ(ask("200"), "200");
  pass(1s);
  EXPECT_EQ(ask("500"), "500") << "half is not more than half";
  EXPECT_EQ(ask("500"), "500") << "not looked at before the next period";
  EXPECT_EQ(ask("500"), "500");
  pass(100ms);
  EXPECT_EQ(ask("500"), "500");
  EXPECT_EQ(ask(""), "503") << "open";
  pass(9s);
  EXPECT_EQ(ask(""), "503");
  pass(2s);
  EXPECT_EQ(ask(""), "503") << "it begins to recover: nobody passes at first";
  pass(5s);
  int passed = 0;
  for (int i = 0; i < 20; ++i) {
    client->send("GET / HTTP/1.1\r\nHost: h\r\n\r\n");
    ASSERT_TRUE(turn_until([&] { return !server->received.empty() || !client->received.empty(); }));
    if (!server->received.empty()) {
      ++passed;
      receive_head(*server);
      server->send("HTTP/1.1 200 OK\r\nContent-Length: 19\r\n\r\nService Unavailable");
    }
    receive_head(*client);
    receive_until(*client, "Service Unavailable");
  }
  EXPECT_EQ(passed, 5) << "half the time: a quarter of the requests, the refused one before them counted";
  pass(6s);
  for (int i = 0; i < 3; ++i) EXPECT_EQ(ask("200"), "200") << "closed";
}

TEST_F(CircuitBreakerTest, OpensAgainWhileItRecovers) {
  start({.expression = "NetworkErrorRatio() > 0.1", .fallback_duration = 1s, .recovery_duration = 4s});
  EXPECT_EQ(ask("502"), "502");
  EXPECT_EQ(ask(""), "503");
  pass(1s);
  EXPECT_EQ(ask(""), "503");
  pass(3s);
  EXPECT_EQ(ask(""), "503");
  EXPECT_EQ(ask("504"), "504") << "the second of three may pass";
  pass(500ms);
  for (int i = 0; i < 5; ++i) EXPECT_EQ(ask(""), "503") << "open again";
}

TEST_F(CircuitBreakerTest, SlowAnswersOpenIt) {
  start({.expression = "LatencyAtQuantileMS(50.0) > 100"});
  EXPECT_EQ(ask("200", 100ms), "200");
  EXPECT_EQ(ask("200", 150ms), "200");
  EXPECT_EQ(ask("200", 150ms), "200");
  EXPECT_EQ(ask(""), "503");
}

TEST(CircuitBreaker, OptionsThatMakeNoSense) {
  for (const auto& [options, error] : std::vector<std::pair<config::dynamic::CircuitBreaker, std::string_view>>{
           {{}, "expression: \"\", at character 1: a condition is expected"},
           {{.expression = "NetworkErrorRatio()"}, "has to be compared"},
           {{.expression = "NetworkErrorRatio() > 1", .response_code = 42}, "responseCode 42"},
       }) {
    const auto handler = middleware::make_circuit_breaker(options, nullptr);
    ASSERT_FALSE(handler);
    EXPECT_NE(handler.error().message.find(error), std::string::npos) << handler.error().message;
  }
}

}  // namespace
}  // namespace fl::proxy
