// WebSockets on streams of HTTP/2 (RFC 8441), to a tunnel that the handler opens.
#include "http/h2/server_for_test.h"
#include "http/websocket.h"

namespace fl::http::h2 {
namespace {

class FarEnd final : public Tunnel {
 public:
  explicit FarEnd(std::unique_ptr<net::Stream> stream) : stream_(std::move(stream)) {}
  net::Stream& stream() override { return *stream_; }
  net::InBuffer& in() override { return in_; }

 private:
  std::unique_ptr<net::Stream> stream_;
  net::InBuffer in_;
};

class Http2WebSocket : public Http2Server {
 protected:
  Http2WebSocket() {
    handler.f = [this](Exchange& x) -> net::Task<> {
      EXPECT_EQ(x.request.method, "GET");
      EXPECT_EQ(x.request.upgrade, "websocket");
      EXPECT_EQ(x.request_body, nullptr);
      const std::string_view* key = x.request.headers.find(HeaderId::sec_websocket_key);
      EXPECT_NE(key, nullptr);
      auto [stream, peer] = make_pair();
      far = std::move(peer);
      x.response.status = 101;
      x.response.upgrade = "websocket";
      x.response.headers.append(HeaderId::sec_websocket_accept,
                                x.arena.copy(right_key ? websocket_accept(*key) : "AAAA"));
      x.response.headers.append(HeaderId::sec_websocket_protocol, "chat");
      x.tunnel = std::make_unique<FarEnd>(std::move(stream));
      co_return;
    };
  }
  std::unique_ptr<Peer> open() {
    auto peer = connect();
    TestFields fields = request_fields("CONNECT", "/chat");
    fields.insert(fields.begin() + 1, {":protocol", "websocket"});
    peer->send(frame(FrameType::headers, kEndHeaders, 1, hpack(fields)));
    settle(*peer);
    return peer;
  }
  bool right_key = true;
  std::unique_ptr<Peer> far;
};

TEST_F(Http2WebSocket, BytesBothWaysAndHalfClose) {
  auto client = open();
  EXPECT_EQ(received.status(1), 200);
  EXPECT_EQ(received.field(1, "sec-websocket-protocol"), "chat");
  EXPECT_EQ(received.field(1, "sec-websocket-accept"), "");
  EXPECT_EQ(received.field(1, "upgrade"), "");
  client->send(frame(FrameType::data, 0, 1, "ping"));
  EXPECT_EQ(receive_until(*far, "ping"), "ping");
  far->send("pong");
  settle(*client);
  EXPECT_EQ(received.streams[1].data, "pong");
  pass(300s);  // no time limit but the grace time's
  far->send("late");
  settle(*client);
  EXPECT_EQ(received.streams[1].data, "ponglate");
  client->send(frame(FrameType::data, kEndStream, 1, "end"));
  EXPECT_EQ(receive_to_end(*far), "end");
  EXPECT_FALSE(received.streams[1].ended);
  far->half_close();
  settle(*client);
  EXPECT_TRUE(received.streams[1].ended);
  EXPECT_EQ(received.streams[1].rst, -1);
  EXPECT_EQ(server->active_exchanges(), 0U);
}

TEST_F(Http2WebSocket, ManyBytesFollowTheWindow) {
  auto client = open();
  far->send(std::string(500'000, 'x'));
  settle(*client);
  EXPECT_EQ(data(1), 65535U);
  for (int i = 0; i < 20; ++i) {
    window(*client, 0, 65535);
    window(*client, 1, 65535);
  }
  EXPECT_EQ(data(1), 500'000U);
}

TEST_F(Http2WebSocket, ResetOfEitherSideEndsBoth) {
  auto client = open();
  client->send(frame(FrameType::rst_stream, 0, 1, number(kCancel, 4)));
  EXPECT_TRUE(turn_until([&] { return far->gone(); }));
  EXPECT_EQ(server->active_exchanges(), 0U);
  received.streams.clear();
  client = open();
  far->reset();
  settle(*client);
  EXPECT_GE(received.streams[1].rst, 0);
  EXPECT_EQ(server->active_exchanges(), 0U);
}

TEST_F(Http2WebSocket, AServerThatCannotCountIsRefused) {
  right_key = false;
  auto client = open();
  EXPECT_EQ(received.status(1), 502);
}

TEST_F(Http2WebSocket, DrainLeavesThemAlone) {
  auto client = open();
  server->drain();
  pass(20s);
  far->send("still here");
  settle(*client);
  EXPECT_EQ(received.streams[1].data, "still here");
  server->close_all();
  EXPECT_TRUE(turn_until([&] { return server->connections() == 0; }));
}

}  // namespace
}  // namespace fl::http::h2
