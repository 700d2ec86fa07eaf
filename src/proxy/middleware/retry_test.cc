#include "proxy/middleware/retry.h"

#include "proxy/middleware/exchange_for_test.h"
#include "proxy/proxy_for_test.h"

namespace fl::proxy {
namespace {

constexpr std::string_view kOk = "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok";

// Its head may be complete long before its body.
std::string busy(std::string_view body = "") {
  return "HTTP/1.1 503 Busy\r\nX-Busy: 1\r\nContent-Length: 9\r\n\r\n" + std::string(body);
}

class RetryTest : public ProxyForTest {
 protected:
  void start(config::dynamic::Retry retry, const std::vector<std::string>& urls) {
    Configuration configuration = all_to(urls);
    configuration.http.middlewares["again@file"].retry = std::move(retry);
    configuration.http.middlewares["strip@file"].strip_prefix = config::dynamic::StripPrefix{.prefixes = {"/a"}};
    configuration.http.routers["all@file"] = {.entry_points = {"web"},
                                              .middlewares = {"again@file", "strip@file"},
                                              .service = "app@file",
                                              .rule = "PathPrefix(`/`)"};
    publish(configuration);
    client = connect();
  }
  static std::string url_of_nobody() {
    const int fd = *net::listen_tcp("127.0.0.1", 0, {});
    const std::string url = "http://" + net::local_address(fd)->to_string();
    ::close(fd);
    return url;
  }
  std::string receive_answer() { return receive_head(*client); }

  testing::Origin origin{loop};
  std::unique_ptr<Peer> client;
};

TEST_F(RetryTest, AServerThatCannotBeReachedIsPassedOver) {
  start({.attempts = 3}, {url_of_nobody(), origin.url(), url_of_nobody()});
  std::unique_ptr<Peer> server;
  for (int i = 0; i < 4; ++i) {
    client->send("POST /a/b HTTP/1.1\r\nHost: h\r\nContent-Length: 4\r\n\r\nbody");
    if (!server) server = accept_at(origin);
    const std::string head = receive_head(*server);
    EXPECT_TRUE(head.starts_with("POST /b HTTP/1.1\r\n")) << head;
    EXPECT_EQ(head.find("10.0.0.9, 10.0.0.9"), head.npos) << "X-Forwarded-For grows with every attempt: " << head;
    EXPECT_NE(head.find("X-Forwarded-For: 10.0.0.9\r\n"), head.npos);
    EXPECT_EQ(receive_until(*server, "body"), "body");
    server->send(kOk);
    EXPECT_TRUE(receive_answer().starts_with("HTTP/1.1 200 OK\r\n"));
    EXPECT_EQ(receive_until(*client, "ok"), "ok");
  }
}

TEST_F(RetryTest, AttemptsEnd) {
  start({.attempts = 2, .initial_interval = -1s, .timeout = -1s}, {url_of_nobody()});  // negative: none
  client->send("GET /a HTTP/1.1\r\nHost: h\r\n\r\n");
  EXPECT_TRUE(receive_answer().starts_with("HTTP/1.1 502 "));
}

TEST_F(RetryTest, AnAnswerWithAListedStatusIsForgotten) {
  start({.attempts = 3, .status = {"500-599"}}, {origin.url()});
  client->send("PUT /a/b HTTP/1.1\r\nHost: h\r\nContent-Length: 4\r\n\r\nbo");
  loop.turn(false);
  client->send("dy");
  auto server = accept_at(origin);
  const auto see_request = [&] {
    receive_head(*server);
    EXPECT_EQ(receive_until(*server, "body"), "body");
  };
  see_request();
  server->send(busy());  // half an answer is dropped like a whole one
  server = accept_at(origin);
  see_request();
  server->send(busy("try later"));  // a whole one leaves its connection to the next attempt
  see_request();
  server->send(kOk);
  const std::string head = receive_answer();
  EXPECT_TRUE(head.starts_with("HTTP/1.1 200 OK\r\n"));
  EXPECT_EQ(head.find("X-Busy"), head.npos);
}

TEST_F(RetryTest, WhatMayNotBeRepeatedIsAnsweredAsItIs) {
  start({.attempts = 3, .status = {"503"}, .max_request_body_bytes = 3}, {origin.url()});
  for (const std::string_view request :
       {"POST /a HTTP/1.1\r\nHost: h\r\nContent-Length: 1\r\n\r\nx",
        "PUT /a HTTP/1.1\r\nHost: h\r\nContent-Length: 4\r\n\r\nlong",
        "PUT /a HTTP/1.1\r\nHost: h\r\nTransfer-Encoding: chunked\r\n\r\n4\r\nlong\r\n0\r\n\r\n"}) {
    client = connect();
    client->send(request);
    auto server = accept_at(origin);
    receive_head(*server);
    server->send(busy("try later"));
    EXPECT_TRUE(receive_answer().starts_with("HTTP/1.1 503 Busy\r\n")) << request;
    if (request.find("long") == request.npos) continue;
    EXPECT_NE(receive_until(*server, "long").find("long"), std::string::npos);
  }
}

TEST_F(RetryTest, NobodyWaitsForAClientThatHasGone) {
  start({.attempts = 3, .initial_interval = 10s}, {url_of_nobody()});
  client->send("GET /a HTTP/1.1\r\nHost: h\r\n\r\n");
  quiesce();
  EXPECT_TRUE(records.empty());
  client->reset();
  EXPECT_TRUE(ended_as(499));
}

TEST_F(RetryTest, TheWaitsGrowAndHaveATimeLimit) {
  start({.attempts = 3, .initial_interval = 1s, .timeout = 2s}, {url_of_nobody()});
  client->send("GET /a HTTP/1.1\r\nHost: h\r\n\r\n");
  quiesce();
  pass(999ms);
  EXPECT_TRUE(records.empty());
  pass(1ms);  // the next wait, 1.41 s, would be too long
  EXPECT_TRUE(ended_as(502));
}

TEST(Retry, OptionsThatMakeNoSense) {
  const auto next = std::make_shared<middleware::NextForTest>();
  for (const auto& [options, error] : std::vector<std::pair<config::dynamic::Retry, std::string_view>>{
           {{}, "incorrect (or empty) value for attempt (0)"},
           {{.attempts = 2, .status = {"abc"}}, "\"abc\" is neither a status code"},
           {{.attempts = 2, .disable_retry_on_network_error = true}, "leaves nothing to retry for"},
       }) {
    const auto handler = middleware::make_retry(options, next);
    ASSERT_FALSE(handler) << error;
    EXPECT_NE(handler.error().message.find(error), std::string::npos) << handler.error().message;
  }
}

}  // namespace
}  // namespace fl::proxy
