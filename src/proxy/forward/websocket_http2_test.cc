// Websockets to servers that speak HTTP/2, scripted frame by frame (RFC 8441), from clients of HTTP/1.
#include "http/websocket.h"
#include "proxy/forward/forward_http2_for_test.h"

namespace fl::proxy {
namespace {

const std::string kKey = "dGhlIHNhbXBsZSBub25jZQ==";
const std::string kUpgrade =
    "GET /chat?a=b HTTP/1.1\r\nHost: h.test\r\nConnection: Upgrade\r\nUpgrade: websocket\r\nSec-WebSocket-Key: " +
    kKey + "\r\nSec-WebSocket-Version: 13\r\nSec-WebSocket-Protocol: chat\r\n\r\n";
const std::string kGet = "GET / HTTP/1.1\r\nHost: h.test\r\n\r\n";

class WebSocketHttp2 : public ForwardHttp2 {
 protected:
  void greet(bool takes_websockets = true) { ForwardHttp2::greet(takes_websockets ? setting(8, 1) : ""); }
  // A websocket on stream 1, up to the client's 101.
  std::unique_ptr<Peer> opened() {
    auto client = ask(kUpgrade);
    accept_silently();
    greet();
    say(head(1, {{":status", "200"}, {"sec-websocket-protocol", "chat"}, {"content-length", "3"}}));
    switched = receive_head(*client);
    EXPECT_TRUE(switched.starts_with("HTTP/1.1 101 Switching Protocols\r\n")) << switched;
    return client;
  }

  std::string switched;  // the head of the 101
};

TEST_F(WebSocketHttp2, UpgradesBecomeExtendedConnects) {
  auto client = ask(kUpgrade);
  accept_silently();
  settle();
  EXPECT_TRUE(received->streams[1].blocks.empty()) << "before the server has said that it takes them";
  greet();
  ASSERT_EQ(received->streams[1].blocks.size(), 1U);
  EXPECT_EQ(received->streams[1].blocks[0], (TestFields{{":method", "CONNECT"},
                                                        {":protocol", "websocket"},
                                                        {":scheme", "http"},
                                                        {":authority", "h.test"},
                                                        {":path", "/chat?a=b"},
                                                        {"sec-websocket-version", "13"},
                                                        {"sec-websocket-protocol", "chat"},
                                                        {"x-real-ip", "10.0.0.9"},
                                                        {"x-forwarded-proto", "ws"},
                                                        {"x-forwarded-port", "80"},
                                                        {"x-forwarded-host", "h.test"},
                                                        {"x-forwarded-server", "proxy.test"},
                                                        {"x-forwarded-for", "10.0.0.9"}}));
  EXPECT_FALSE(received->streams[1].ended);
  say(head(1, {{":status", "200"}, {"sec-websocket-protocol", "chat"}}) + frame(FrameType::data, 0, 1, "first"));
  const std::string got = receive_head(*client);
  EXPECT_TRUE(got.starts_with("HTTP/1.1 101 Switching Protocols\r\n")) << got;
  EXPECT_NE(got.find("Sec-WebSocket-Accept: " + http::websocket_accept(kKey) + "\r\n"), got.npos) << got;
  EXPECT_NE(got.find("Sec-WebSocket-Protocol: chat\r\n"), got.npos) << got;
  EXPECT_NE(got.find("Connection: Upgrade\r\nUpgrade: websocket\r\n"), got.npos) << got;
  receive_until(*client, "first");
  client->send("up");
  settle();
  EXPECT_EQ(received->streams[1].data, "up");
}

TEST_F(WebSocketHttp2, EachDirectionEndsByItself) {
  auto client = opened();
  EXPECT_EQ(switched.find("Content-Length"), switched.npos) << switched;
  say(frame(FrameType::data, 0, 1, "more than three"));  // RFC 9110 9.3.6: the length says nothing
  receive_until(*client, "more than three");
  client->half_close();
  settle();
  EXPECT_TRUE(received->streams[1].ended);
  say(frame(FrameType::data, 0, 1, "still"));
  receive_until(*client, "still");
  say(frame(FrameType::data, kEndStream, 1, "last"));
  EXPECT_EQ(receive_to_end(*client), "last");
  EXPECT_TRUE(ended_as(101));
  EXPECT_EQ(received->streams[1].rst, -1);
  // The connection serves on.
  client = ask(kGet);
  settle();
  say(head(3, {{":status", "200"}}) + frame(FrameType::data, kEndStream, 3, "ok"));
  receive_until(*client, "ok");
  EXPECT_EQ(origin.accepted, 1);
}

TEST_F(WebSocketHttp2, ManyBytesFollowTheWindow) {
  auto client = opened();
  client->send(std::string(200'000, 'x'));
  settle();
  EXPECT_EQ(received->streams[1].data.size(), 65535U);
  say(frame(FrameType::window_update, 0, 0, number(200'000, 4)) +
      frame(FrameType::window_update, 0, 1, number(200'000, 4)));
  ASSERT_TRUE(turn_until([&] {
    settle();
    return received->streams[1].data.size() == 200'000;
  }));
  // And back: no more than the client takes is asked for.
  client->stop_reading();
  size_t sent = 0;
  for (; sent < 400; ++sent) {
    if ((sent + 1) * 16000 > 65535 + received->windows[1]) break;
    say(frame(FrameType::data, 0, 1, std::string(16000, 'y')));
  }
  EXPECT_LT(sent, 400U);
  client->go_on_reading();
  EXPECT_TRUE(turn_until([&] { return client->received.size() == sent * 16000; })) << client->received.size();
}

TEST_F(WebSocketHttp2, AResetEndsTheClientsConnection) {
  auto client = opened();
  say(frame(FrameType::rst_stream, 0, 1, number(kCancel, 4)));
  EXPECT_TRUE(turn_until([&] { return client->gone(); }));
  EXPECT_TRUE(ended_as(101));
  EXPECT_FALSE(upstream->gone());
}

TEST_F(WebSocketHttp2, ALostConnectionEndsIt) {
  auto client = opened();
  upstream->reset();
  EXPECT_TRUE(turn_until([&] { return client->gone(); }));
  EXPECT_TRUE(ended_as(101));
}

TEST_F(WebSocketHttp2, AClientThatLeavesResetsTheStream) {
  auto client = opened();
  client->reset();
  ASSERT_TRUE(turn_until([&] {
    settle();
    return received->streams[1].rst >= 0;
  }));
  EXPECT_EQ(received->streams[1].rst, kCancel);
  EXPECT_FALSE(upstream->gone());
}

TEST_F(WebSocketHttp2, RefusalsArePassedOn) {
  auto client = ask(kUpgrade);
  accept_silently();
  greet();
  say(head(1, {{":status", "403"}, {"content-length", "2"}}) + frame(FrameType::data, kEndStream, 1, "no"));
  EXPECT_TRUE(receive_until(*client, "\r\n\r\nno").starts_with("HTTP/1.1 403 Forbidden\r\n"));
  EXPECT_TRUE(ended_as(403));
  settle();
  EXPECT_EQ(received->streams[1].rst, kCancel);  // our direction is open still
}

TEST_F(WebSocketHttp2, WithoutTheSettingThereIsNoWay) {
  auto client = ask(kUpgrade);
  accept_silently();
  greet(false);
  EXPECT_TRUE(receive_head(*client).starts_with("HTTP/1.1 502 Bad Gateway\r\n"));
  EXPECT_TRUE(received->streams[1].blocks.empty());
  client = ask(kUpgrade);
  EXPECT_TRUE(receive_head(*client).starts_with("HTTP/1.1 502 Bad Gateway\r\n"));
  client = ask(kGet);
  settle();
  say(head(1, {{":status", "200"}}) + frame(FrameType::data, kEndStream, 1, "ok"));
  receive_until(*client, "ok");
  EXPECT_EQ(origin.accepted, 1);
}

TEST_F(WebSocketHttp2, OtherUpgradesHaveNoWay) {
  for (const std::string fields : {"Upgrade: chat\r\n", "Upgrade: websocket\r\n"}) {  // the second one without a key
    auto client = ask("GET / HTTP/1.1\r\nHost: h\r\nConnection: Upgrade\r\n" + fields + "\r\n");
    EXPECT_TRUE(receive_head(*client).starts_with("HTTP/1.1 502 Bad Gateway\r\n")) << fields;
  }
  EXPECT_EQ(origin.accepted, 0);
}

TEST_F(WebSocketHttp2, WhoWaitsForTheServersWordMayLeave) {
  auto client = ask(kUpgrade);
  accept_silently();
  settle();
  client->close();
  EXPECT_TRUE(ended_as(499));
  client = ask(kUpgrade);
  settle();
  upstream->close();
  EXPECT_TRUE(receive_head(*client).starts_with("HTTP/1.1 502"));
}

}  // namespace
}  // namespace fl::proxy
