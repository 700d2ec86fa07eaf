#include "http/websocket.h"

#include <gmock/gmock.h>

#include <optional>

#include "http/server.h"
#include "net/resolver.h"
#include "support/loop_fixture.h"

namespace fl::http {
namespace {

using fl::testing::LoopFixture;
using fl::testing::Peer;
using ::testing::ElementsAre;
using ::testing::EndsWith;
using ::testing::HasSubstr;
using ::testing::StartsWith;

// Answers messages with what they were, until it is told "bye" or the peer goes.
class EchoHandler final : public Handler {
 public:
  net::Task<> handle(Exchange& exchange) const override {
    accept_websocket(exchange, [this](net::Stream& stream, net::InBuffer& in) { return echo(stream, in); });
    co_return;
  }
  mutable std::vector<std::string> endings;

 private:
  net::Task<> echo(net::Stream& stream, net::InBuffer& in) const {
    WebSocket socket(stream, in, WebSocketRole::server, {.max_message_bytes = 1 << 20});
    while (true) {
      auto message = co_await socket.receive();
      if (!message) {
        endings.push_back(message.error().message);
        break;
      }
      if (message->data == "bye") break;
      if (message->is_text)
        socket.send_text("echo " + message->data);
      else
        socket.send_binary(message->data);
    }
    co_await socket.close(CloseCode::kGoingAway, "served");
  }
};

class WebSocketTest : public LoopFixture {
 protected:
  static constexpr std::string_view kHandshake =
      "GET /ws HTTP/1.1\r\nHost: x\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n"
      "Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n\r\n";

  WebSocketTest() { loop.make_current(); }
  void TearDown() override {
    server.close_all();
    EXPECT_TRUE(turn_until([&] {
      pass(1s);
      return server.connections() == 0;
    }));
  }

  Server server{loop, {}, handler_};
  net::Listener listener{loop, *net::listen_tcp("127.0.0.1", 0), [this](int fd, const net::SocketAddress&) {
                           server.serve(std::make_unique<net::TcpStream>(loop, fd), {});
                         }};
  uint16_t port = net::local_address(listener.fd())->port;
  EchoHandler& handler() { return handler_; }

  Result<std::unique_ptr<UpgradedConnection>> connect(uint16_t to) {
    std::optional<Result<std::unique_ptr<UpgradedConnection>>> out;
    const auto run = [&]() -> net::Task<> {
      out = co_await connect_websocket(
          fetcher_,
          {.url = *Url::parse("http://127.0.0.1:" + std::to_string(to) + "/ws?a=b"), .headers = {}, .body = {}});
    };
    net::spawn(run());
    EXPECT_TRUE(turn_until([&] { return out.has_value(); }));
    return std::move(*out);
  }

 private:
  EchoHandler handler_;
  net::Resolver resolver_{loop};
  Fetcher fetcher_{loop, resolver_, nullptr};
};

TEST_F(WebSocketTest, AnswersTheHandshakeOfTheRfc) {
  auto peer = connect_to(port);
  peer->send(kHandshake);
  const std::string head = receive_head(*peer);
  EXPECT_THAT(head, StartsWith("HTTP/1.1 101 "));
  EXPECT_THAT(head, HasSubstr("Sec-WebSocket-Accept: s3pPLMBiTxaQ9kYGzzhZRbK+xOo=\r\n"));
  EXPECT_THAT(head, HasSubstr("Upgrade: websocket\r\n"));
}

TEST_F(WebSocketTest, RefusesOtherHandshakes) {
  const auto with = [](std::string from, std::string to) {
    std::string text(kHandshake);
    text.replace(text.find(from), from.size(), to);
    return text;
  };
  const std::pair<std::string, std::string> cases[] = {
      {with("GET", "POST"), "400"},
      {with("Upgrade: websocket", "Upgrade: h2c"), "400"},
      {with("Connection: Upgrade", "Connection: close"), "400"},
      {with("Version: 13", "Version: 8"), "426"},
      {with("dGhlIHNhbXBsZSBub25jZQ==", "dGhl"), "400"},
      {with("\r\n\r\n", "\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n\r\n"), "400"},
      {with("\r\n\r\n", "\r\nContent-Length: 1\r\n\r\nx"), "400"},
  };
  for (const auto& [request, status] : cases) {
    auto peer = connect_to(port);
    peer->send(request);
    const std::string head = receive_head(*peer);
    EXPECT_THAT(head, StartsWith("HTTP/1.1 " + status)) << request;
    if (status == "426") {
      EXPECT_THAT(head, HasSubstr("Sec-WebSocket-Version: 13\r\n"));
    }
  }
}

TEST_F(WebSocketTest, TalksBothWays) {
  auto connection = connect(port);
  ASSERT_TRUE(connection) << connection.error().message;
  std::vector<std::string> got;
  bool done = false;
  const auto talk = [&]() -> net::Task<> {
    WebSocket socket(*(*connection)->stream, (*connection)->in, WebSocketRole::client);
    EXPECT_TRUE(socket.send_text("one"));
    EXPECT_TRUE(socket.send_text(std::string(300'000, 'x')));
    EXPECT_TRUE(socket.ping("p"));
    EXPECT_TRUE(socket.send_text("bye"));
    while (true) {
      auto message = co_await socket.receive();
      if (!message) {
        got.push_back(message.error().message);
        break;
      }
      got.push_back(message->data.substr(0, 8) + " " + std::to_string(message->data.size()));
    }
    EXPECT_EQ(socket.close_code(), CloseCode::kGoingAway);
    co_await socket.close();
    EXPECT_FALSE(socket.send_text("late"));
    done = true;
  };
  net::spawn(talk());
  ASSERT_TRUE(turn_until([&] { return done; }));
  EXPECT_THAT(got, ElementsAre("echo one 8", "echo xxx 300005", "WebSocket: closed by the peer with 1001: served"));
  EXPECT_TRUE(turn_until([&] { return server.connections() == 0; }));
}

TEST_F(WebSocketTest, ClosesAViolatorWithTheReason) {
  auto peer = connect_to(port);
  peer->send(kHandshake);
  receive_head(*peer);
  peer->send(std::string("\x81\x02hi", 4));  // not masked
  EXPECT_EQ(receive_to_end(*peer), std::string("\x88\x20\x03\xea") + "a client's frame is not masked");
  EXPECT_THAT(handler().endings, ElementsAre("WebSocket: a client's frame is not masked"));
}

TEST_F(WebSocketTest, HearsOfALostConnectionAndOfCloseAll) {
  auto peer = connect_to(port);
  peer->send(kHandshake);
  receive_head(*peer);
  peer->close();
  ASSERT_TRUE(turn_until([&] { return handler().endings.size() == 1; }));
  EXPECT_THAT(handler().endings[0], HasSubstr("without a closing handshake"));
  auto second = connect_to(port);
  second->send(kHandshake);
  receive_head(*second);
  server.close_all();
  ASSERT_TRUE(turn_until([&] { return handler().endings.size() == 2; }));
  EXPECT_EQ(handler().endings[1], "WebSocket: canceled");
  pass(2s);
  EXPECT_TRUE(turn_until([&] { return server.connections() == 0; }));
}

TEST_F(WebSocketTest, ReportsRefusalsToTheClient) {
  fl::testing::Origin origin(loop);
  const std::pair<std::string, std::pair<Code, std::string>> cases[] = {
      {"HTTP/1.1 400 Bad\r\nContent-Length: 7\r\n\r\nno, you",
       {Code::invalid, "the server answers 400 instead of switching to WebSocket: no, you"}},
      {"HTTP/1.1 403 No\r\nContent-Length: 0\r\n\r\n", {Code::denied, "answers 403"}},
      {"HTTP/1.1 503 No\r\nContent-Length: 0\r\n\r\n", {Code::unavailable, "answers 503"}},
      {"HTTP/1.1 101 S\r\nConnection: Upgrade\r\nUpgrade: websocket\r\nSec-WebSocket-Accept: wrong\r\n\r\n",
       {Code::invalid, "does not fit the key"}},
  };
  for (const auto& [answer, expected] : cases) {
    std::unique_ptr<Peer> peer;
    loop.post([&] {});
    std::optional<Result<std::unique_ptr<UpgradedConnection>>> out;
    const auto run = [&]() -> net::Task<> {
      net::Resolver resolver(loop);
      Fetcher fetcher(loop, resolver, nullptr);
      out = co_await connect_websocket(fetcher, {.url = *Url::parse(origin.url() + "/"), .headers = {}, .body = {}});
    };
    net::spawn(run());
    peer = accept_at(origin);
    ASSERT_NE(peer, nullptr);
    EXPECT_THAT(receive_head(*peer), HasSubstr("Connection: Upgrade\r\n"));
    peer->send(answer);
    ASSERT_TRUE(turn_until([&] { return out.has_value(); }));
    ASSERT_FALSE(*out);
    EXPECT_EQ(out->error().code, expected.first);
    EXPECT_THAT(out->error().message, HasSubstr(expected.second));
  }
}

TEST_F(WebSocketTest, WaitsNoLongerThanAsked) {
  auto [stream, peer] = make_pair();
  net::InBuffer in;
  std::vector<Code> codes;
  bool done = false;
  const auto run = [&]() -> net::Task<> {
    WebSocket socket(*stream, in, WebSocketRole::server);
    for (int i = 0; i < 2; ++i) {
      auto message = co_await socket.receive(loop.now() + 5s);
      codes.push_back(message ? Code::internal : message.error().code);
    }
    co_await socket.close();
    done = true;
  };
  net::spawn(run());
  pass(6s);
  EXPECT_THAT(codes, ElementsAre(Code::timeout));
  pass(6s);
  EXPECT_THAT(codes, ElementsAre(Code::timeout, Code::timeout));
  pass(2s);  // for the closing handshake that does not come
  EXPECT_TRUE(done);
}

}  // namespace
}  // namespace fl::http
