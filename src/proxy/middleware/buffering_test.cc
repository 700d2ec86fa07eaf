#include "proxy/middleware/buffering.h"

#include "proxy/middleware/exchange_for_test.h"
#include "proxy/middleware/spool.h"
#include "proxy/proxy_for_test.h"

namespace fl::proxy {
namespace {

using config::dynamic::Buffering;

class BufferingTest : public ProxyForTest {
 protected:
  void start(Buffering options = {}) {
    Configuration configuration = all_to({origin.url()});
    configuration.http.middlewares["hold@file"].buffering = std::move(options);
    configuration.http.routers["all@file"].middlewares = {"hold@file"};
    publish(configuration);
    client = connect();
  }
  // -> the head as the server gets it
  std::string head_at_server() {
    if (!server) server = accept_at(origin);
    return receive_head(*server);
  }
  std::string answer_head() { return receive_head(*client); }
  // Different everywhere, so that a piece in the wrong place shows.
  static std::string text_of(size_t size) {
    std::string text;
    for (size_t i = 0; text.size() < size; ++i) text += std::to_string(i) + ',';
    text.resize(size);
    return text;
  }

  testing::Origin origin{loop};
  std::unique_ptr<Peer> client, server;
};

TEST_F(BufferingTest, TheServerGetsAWholeRequest) {
  start();
  client->send("POST / HTTP/1.1\r\nHost: h\r\nTransfer-Encoding: chunked\r\n\r\n4\r\nbody\r\n");
  quiesce();
  EXPECT_EQ(origin.accepted, 0) << "nobody holds a server's connection with half a body";
  client->send("1\r\n!\r\n0\r\n\r\n");
  const std::string head = head_at_server();
  EXPECT_NE(head.find("Content-Length: 5\r\n"), head.npos) << head;
  EXPECT_EQ(receive_until(*server, "body!"), "body!");
  server->send("HTTP/1.1 204 No Content\r\n\r\n");
  EXPECT_TRUE(answer_head().starts_with("HTTP/1.1 204 "));

  client->send("POST / HTTP/1.1\r\nHost: h\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n");
  EXPECT_NE(head_at_server().find("Content-Length: 0\r\n"), std::string::npos);
  server->send("HTTP/1.1 204 No Content\r\n\r\n");
  answer_head();
  client->send("GET / HTTP/1.1\r\nHost: h\r\n\r\n");
  EXPECT_EQ(head_at_server().find("Content-Length"), std::string::npos);
}

TEST_F(BufferingTest, TheClientGetsAWholeAnswer) {
  start();
  client->send("GET / HTTP/1.1\r\nHost: h\r\n\r\n");
  head_at_server();
  server->send("HTTP/1.1 200 OK\r\nX-A: 1\r\nTransfer-Encoding: chunked\r\n\r\n2\r\nab\r\n");
  quiesce();
  EXPECT_EQ(client->received, "");
  server->send("2\r\ncd\r\n0\r\n\r\n");
  const std::string head = answer_head();
  EXPECT_NE(head.find("X-A: 1\r\n"), head.npos) << head;
  EXPECT_NE(head.find("Content-Length: 4\r\n"), head.npos) << head;
  EXPECT_EQ(receive_until(*client, "abcd"), "abcd");

  client->send("GET / HTTP/1.1\r\nHost: h\r\nTE: trailers\r\n\r\n");
  head_at_server();
  server->send("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\nTrailer: X-T\r\n\r\n2\r\nab\r\n0\r\nX-T: 1\r\n\r\n");
  answer_head();
  EXPECT_NE(receive_until(*client, "\r\n0\r\n").find("ab"), std::string::npos);
  EXPECT_EQ(receive_until(*client, "\r\n\r\n"), "X-T: 1\r\n\r\n");

  client->send("HEAD / HTTP/1.1\r\nHost: h\r\n\r\n");
  head_at_server();
  server->send("HTTP/1.1 200 OK\r\nContent-Length: 7\r\n\r\n");
  EXPECT_NE(answer_head().find("Content-Length: 7\r\n"), std::string::npos);
  EXPECT_EQ(origin.accepted, 1) << "the connection is kept";
}

TEST_F(BufferingTest, TheServerIsFreeBeforeASlowClientHasReadIt) {
  start();
  client->send("GET / HTTP/1.1\r\nHost: h\r\n\r\n");
  head_at_server();
  const std::string text = text_of(16 << 20);
  server->send("HTTP/1.1 200 OK\r\nContent-Length: " + std::to_string(text.size()) + "\r\n\r\n" + text);
  ASSERT_TRUE(turn_until([&] { return !client->received.empty(); }));
  client->stop_reading();
  const auto second = connect();
  second->send("GET / HTTP/1.1\r\nHost: h\r\n\r\n");
  head_at_server();
  EXPECT_EQ(origin.accepted, 1) << "by the same connection";
  client->go_on_reading();
  answer_head();
  ASSERT_TRUE(turn_until([&] { return client->received.size() >= text.size(); }));
  EXPECT_TRUE(client->received == text) << "from memory, then from the file";
}

TEST_F(BufferingTest, LargeBodiesGoThroughAFile) {
  start({.mem_request_body_bytes = 1000, .retry_expression = "Attempts() < 3 && ResponseCode() == 503"});
  const std::string text = text_of(3 << 20);
  client->send("PUT / HTTP/1.1\r\nHost: h\r\nContent-Length: " + std::to_string(text.size()) + "\r\n\r\n" + text);
  for (const std::string_view status : {"503", "503", "503"}) {
    head_at_server();
    ASSERT_TRUE(turn_until([&] { return server->received.size() >= text.size(); }));
    EXPECT_TRUE(server->take() == text);
    server->send("HTTP/1.1 " + std::string(status) + " Busy\r\nContent-Length: 4\r\n\r\nbusy");
  }
  EXPECT_TRUE(answer_head().starts_with("HTTP/1.1 503 ")) << "the third is the last";
  EXPECT_EQ(receive_until(*client, "busy"), "busy");
}

TEST_F(BufferingTest, BodiesHaveLimits) {
  start({.max_request_body_bytes = 4, .max_response_body_bytes = 4});
  client->send("POST / HTTP/1.1\r\nHost: h\r\nContent-Length: 5\r\n\r\nlarge");
  EXPECT_TRUE(answer_head().starts_with("HTTP/1.1 413 "));
  EXPECT_EQ(receive_until(*client, "Request Entity Too Large"), "Request Entity Too Large");
  client->send("POST / HTTP/1.1\r\nHost: h\r\nTransfer-Encoding: chunked\r\n\r\n4\r\nbody\r\n1\r\n!\r\n0\r\n\r\n");
  EXPECT_TRUE(answer_head().starts_with("HTTP/1.1 413 "));
  receive_until(*client, "Request Entity Too Large");
  EXPECT_EQ(origin.accepted, 0);

  for (const auto& [answer, status] : std::vector<std::pair<std::string_view, std::string_view>>{
           {"Content-Length: 4\r\n\r\nbody", "200"},
           {"Content-Length: 5\r\n\r\nlarge", "500"},
           {"Transfer-Encoding: chunked\r\n\r\n4\r\nbody\r\n1\r\n!\r\n0\r\n\r\n", "500"}}) {
    client->take();
    client->send("POST / HTTP/1.1\r\nHost: h\r\nContent-Length: 4\r\n\r\nbody");
    head_at_server();
    receive_until(*server, "body");
    server->send("HTTP/1.1 200 OK\r\n" + std::string(answer));
    EXPECT_EQ(answer_head().substr(9, 3), status);
    quiesce();
    if (status == "500") server.reset();
  }
}

TEST_F(BufferingTest, ABrokenAnswerIsNone) {
  start();
  client->send("GET / HTTP/1.1\r\nHost: h\r\n\r\n");
  head_at_server();
  server->send("HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\nhalf");
  quiesce();
  server->close();
  EXPECT_TRUE(answer_head().starts_with("HTTP/1.1 502 "));
}

TEST_F(BufferingTest, ItTriesAgain) {
  start({.retry_expression = "IsNetworkError() && RequestMethod() == \"GET\""});
  client->send("GET /a HTTP/1.1\r\nHost: h\r\n\r\n");
  for (int i = 0; i < 10; ++i) {
    EXPECT_TRUE(head_at_server().starts_with("GET /a "));
    server->send("HTTP/1.1 502 Bad Gateway\r\nContent-Length: 0\r\n\r\n");
  }
  EXPECT_TRUE(head_at_server().starts_with("GET /a "));
  server->send("HTTP/1.1 504 Slow\r\nX-Last: 1\r\nContent-Length: 0\r\n\r\n");
  EXPECT_NE(answer_head().find("X-Last: 1\r\n"), std::string::npos) << "10 times at most";
  client->send("POST /a HTTP/1.1\r\nHost: h\r\nContent-Length: 0\r\n\r\n");
  head_at_server();
  server->send("HTTP/1.1 502 Bad Gateway\r\nContent-Length: 0\r\n\r\n");
  EXPECT_TRUE(answer_head().starts_with("HTTP/1.1 502 "));
}

TEST_F(BufferingTest, EitherSideMayBeLeftAlone) {
  start({.max_request_body_bytes = 5, .disable_request_buffer = true, .disable_response_buffer = true});
  client->send("POST / HTTP/1.1\r\nHost: h\r\nContent-Length: 5\r\n\r\nha");
  head_at_server();
  EXPECT_EQ(receive_until(*server, "ha"), "ha");
  client->send("lf!");
  EXPECT_EQ(receive_until(*server, "lf!"), "lf!");
  server->send("HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nha");
  answer_head();
  EXPECT_EQ(receive_until(*client, "ha"), "ha");
  server->send("lf!");
  EXPECT_EQ(receive_until(*client, "lf!"), "lf!");
  client->send("POST / HTTP/1.1\r\nHost: h\r\nContent-Length: 6\r\n\r\n");
  EXPECT_TRUE(answer_head().starts_with("HTTP/1.1 413 "));
}

TEST_F(BufferingTest, AClientThatGoesEndsIt) {
  start();
  client->send("GET / HTTP/1.1\r\nHost: h\r\n\r\n");
  head_at_server();
  server->send("HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\nhalf");
  quiesce();
  client->close();
  EXPECT_TRUE(turn_until([&] { return server->gone() && !records.empty(); }));
}

TEST(Buffering, AnExpressionThatCannotBeRead) {
  const auto handler = middleware::make_buffering({.retry_expression = "Attempts() <"}, nullptr);
  ASSERT_FALSE(handler);
  EXPECT_EQ(handler.error().message, "retryExpression: \"Attempts() <\", at character 13: a number is expected");
}

}  // namespace
}  // namespace fl::proxy
