// Clients of HTTP/2 in front of a server of HTTP/1: what it is told is one well-formed request that means the same.
#include <csignal>

#include "http/testing/http2_frames.h"
#include "http/websocket.h"
#include "proxy/proxy_for_test.h"

namespace fl::proxy {
namespace {

using namespace http::testing;

class Downgrade : public ProxyForTest {
 protected:
  Downgrade() {
    std::signal(SIGPIPE, SIG_IGN);
    publish(all_to({origin.url()}));
    client = connect();
    say(std::string(kTestPreface) + frame(FrameType::settings, 0, 0, "") + frame(FrameType::settings, kAck, 0, ""));
  }
  void say(std::string_view bytes) {
    client->send(bytes);
    settle();
  }
  void settle() {
    quiesce();
    received.take(client->received);
  }
  static std::string head(uint32_t id, TestFields fields, bool ends = true) {
    return frame(FrameType::headers, kEndHeaders | (ends ? kEndStream : 0), id, hpack(fields));
  }
  static TestFields with(TestFields fields, const TestFields& more) {
    fields.insert(fields.end(), more.begin(), more.end());
    return fields;
  }

  fl::testing::Origin origin{loop};
  std::unique_ptr<Peer> client, upstream;
  ReceivedFrames received;
};

TEST_F(Downgrade, ARequestAndItsAnswer) {
  say(head(1, with(request_fields("GET", "/a?b=c"), {{"cookie", "a=b"}, {"x-mine", "1"}, {"cookie", "c=d"}})));
  upstream = accept_at(origin);
  EXPECT_EQ(receive_head(*upstream),
            "GET /a?b=c HTTP/1.1\r\nHost: h\r\nx-mine: 1\r\nCookie: a=b; c=d\r\nX-Real-Ip: 10.0.0.9\r\n"
            "X-Forwarded-Proto: http\r\nX-Forwarded-Port: 80\r\nX-Forwarded-Host: h\r\n"
            "X-Forwarded-Server: proxy.test\r\nX-Forwarded-For: 10.0.0.9\r\n\r\n");
  upstream->send(
      "HTTP/1.1 200 OK\r\nX-Their: 2\r\nConnection: X-Hop\r\nX-Hop: 3\r\nKeep-Alive: timeout=5\r\n"
      "Transfer-Encoding: chunked\r\n\r\n2\r\nok\r\n0\r\nX-Sum: 4\r\nContent-Length: 9\r\n\r\n");
  settle();
  const auto& stream = received.streams[1];
  ASSERT_EQ(stream.blocks.size(), 2U);
  EXPECT_EQ(stream.blocks[0],
            (TestFields{{":status", "200"}, {"x-their", "2"}, {"date", "Sat, 21 Nov 2026 00:00:00 GMT"}}));
  EXPECT_EQ(stream.data, "ok");
  EXPECT_EQ(stream.blocks[1], (TestFields{{"x-sum", "4"}}));
}

TEST_F(Downgrade, BodiesAreFramedAnewAndTrailersStayBehind) {
  say(head(1, request_fields("POST"), false) + frame(FrameType::data, 0, 1, "hello") +
      head(1, {{"x-trailer", "1"}, {"transfer-encoded", "2"}}));
  upstream = accept_at(origin);
  EXPECT_NE(receive_head(*upstream).find("Transfer-Encoding: chunked\r\n"), std::string::npos);
  EXPECT_EQ(receive_until(*upstream, "0\r\n\r\n"), "5\r\nhello\r\n0\r\n\r\n");
  upstream->send("HTTP/1.1 204 No Content\r\n\r\n");
  settle();
  EXPECT_EQ(received.status(1), 204);
  say(head(3, with(request_fields("POST"), {{"content-length", "5"}}), false) +
      frame(FrameType::data, kEndStream, 3, "world"));
  EXPECT_NE(receive_head(*upstream).find("Content-Length: 5\r\n"), std::string::npos);
  EXPECT_EQ(receive_until(*upstream, "world"), "world");
}

// The server is left with half a request: its connection must not carry another.
TEST_F(Downgrade, AnAbandonedRequestEndsTheServersConnection) {
  say(head(1, with(request_fields("POST"), {{"content-length", "10"}}), false) + frame(FrameType::data, 0, 1, "short"));
  upstream = accept_at(origin);
  receive_until(*upstream, "short");
  say(frame(FrameType::rst_stream, 0, 1, number(kCancel, 4)));
  EXPECT_TRUE(turn_until([&] { return upstream->gone(); }));
  say(head(3, with(request_fields("POST"), {{"content-length", "10"}}), false) +
      frame(FrameType::data, kEndStream, 3, "short"));
  EXPECT_EQ(received.streams[3].rst, 1);  // PROTOCOL_ERROR
  say(head(5, request_fields()));
  upstream = accept_at(origin);
  while (upstream->received.starts_with("POST")) upstream = accept_at(origin);
  EXPECT_TRUE(receive_head(*upstream).starts_with("GET / HTTP/1.1\r\n"));
}

TEST_F(Downgrade, WebSocketsBecomeUpgrades) {
  TestFields fields = request_fields("CONNECT", "/chat");
  fields.insert(fields.begin() + 1, {":protocol", "websocket"});
  fields.emplace_back("sec-websocket-version", "13");
  fields.emplace_back("sec-websocket-protocol", "chat");
  say(head(1, fields, false));
  upstream = accept_at(origin);
  const std::string request = receive_head(*upstream);
  EXPECT_TRUE(request.starts_with("GET /chat HTTP/1.1\r\nHost: h\r\n")) << request;
  EXPECT_NE(request.find("Connection: Upgrade\r\nUpgrade: websocket\r\n"), request.npos);
  EXPECT_NE(request.find("X-Forwarded-Proto: ws\r\n"), request.npos);
  const size_t at = request.find("Sec-WebSocket-Key: ");
  ASSERT_NE(at, request.npos);
  const std::string key = request.substr(at + 19, request.find("\r\n", at) - at - 19);
  upstream->send("HTTP/1.1 101 Switching Protocols\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n" +
                 ("Sec-WebSocket-Accept: " + http::websocket_accept(key)) +
                 "\r\nSec-WebSocket-Protocol: chat\r\n\r\nfirst");
  settle();
  EXPECT_EQ(received.status(1), 200);
  EXPECT_EQ(received.field(1, "sec-websocket-protocol"), "chat");
  EXPECT_EQ(received.streams[1].data, "first");
  say(frame(FrameType::data, 0, 1, "up"));
  EXPECT_EQ(receive_until(*upstream, "up"), "up");
  publish(all_to({"http://127.0.0.1:9"}));  // it outlives its route
  upstream->send("down");
  settle();
  EXPECT_EQ(received.streams[1].data, "firstdown");
  upstream->close();
  settle();
  say(frame(FrameType::data, kEndStream, 1, ""));
  EXPECT_TRUE(received.streams[1].ended);
}

TEST_F(Downgrade, ErrorsOfTheProxyAreStatusesForGrpc) {
  origin.stop_listening();
  say(head(1, with(request_fields("POST"), {{"content-type", "application/grpc"}, {"te", "trailers"}})));
  EXPECT_EQ(received.status(1), 200);
  EXPECT_EQ(received.field(1, "grpc-status"), "14");
  EXPECT_EQ(received.field(1, "grpc-message"), "Bad Gateway");
  EXPECT_TRUE(received.streams[1].ended);
  EXPECT_TRUE(received.streams[1].data.empty());
  say(head(3, request_fields("POST")));
  EXPECT_EQ(received.status(3), 502);
}

}  // namespace
}  // namespace fl::proxy
