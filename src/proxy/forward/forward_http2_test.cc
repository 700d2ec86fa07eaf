// Servers that speak HTTP/2, scripted frame by frame, behind clients of HTTP/1.
#include "proxy/forward/forward_http2_for_test.h"

namespace fl::proxy {
namespace {

const std::string kGet = "GET /a?b=c HTTP/1.1\r\nHost: h.test\r\n\r\n";

TEST_F(ForwardHttp2, PlainGet) {
  auto client = ask(kGet);
  accept();
  ASSERT_EQ(received->streams[1].blocks.size(), 1U);
  EXPECT_EQ(received->streams[1].blocks[0], (TestFields{{":method", "GET"},
                                                        {":scheme", "http"},
                                                        {":authority", "h.test"},
                                                        {":path", "/a?b=c"},
                                                        {"x-real-ip", "10.0.0.9"},
                                                        {"x-forwarded-proto", "http"},
                                                        {"x-forwarded-port", "80"},
                                                        {"x-forwarded-host", "h.test"},
                                                        {"x-forwarded-server", "proxy.test"},
                                                        {"x-forwarded-for", "10.0.0.9"}}));
  EXPECT_TRUE(received->streams[1].ended);
  say(head(1, {{":status", "201"}, {"x-a", "1"}, {"content-length", "2"}}));
  say(frame(FrameType::data, kEndStream, 1, "ok"));
  const std::string got = receive_until(*client, "ok");
  EXPECT_TRUE(got.starts_with("HTTP/1.1 201 Created\r\nx-a: 1\r\nDate: ")) << got;
  EXPECT_NE(got.find("Content-Length: 2\r\n"), got.npos);
  ASSERT_EQ(records.size(), 1U);
  EXPECT_EQ(records[0].origin_status, 201);
  EXPECT_EQ(records[0].response_bytes, 2U);
}

TEST_F(ForwardHttp2, ExchangesShareAConnection) {
  std::vector<std::unique_ptr<Peer>> clients;
  for (int i = 0; i < 20; ++i) clients.push_back(ask(kGet));  // all before there is a connection
  accept();
  EXPECT_EQ(origin.accepted, 1);
  for (uint32_t i = 20; i-- > 0;) say(answer(1 + 2 * i, "answer" + std::to_string(i)));
  std::vector<std::string> all;
  for (auto& client : clients) all.push_back(receive_until(*client, "answer").substr(9, 3));
  EXPECT_EQ(all, std::vector<std::string>(20, "200"));
  clients[0]->send(kGet);
  settle();
  EXPECT_TRUE(received->streams[41].ended);
  say(answer(41));
  EXPECT_EQ(origin.accepted, 1);
}

TEST_F(ForwardHttp2, NoMoreStreamsThanTheServerTakes) {
  auto first = ask(kGet);
  accept(setting(3, 1));
  auto second = ask(kGet);
  quiesce();
  EXPECT_EQ(origin.accepted, 2);
  say(answer(1));
  receive_until(*first, "ok");
}

TEST_F(ForwardHttp2, UploadsFollowTheWindow) {
  auto client = ask("POST / HTTP/1.1\r\nHost: h\r\nContent-Length: 100000\r\n\r\n" + std::string(100'000, 'x'));
  accept();
  EXPECT_EQ(received->streams[1].data.size(), 65535U);
  EXPECT_EQ(received->field(1, "content-length"), "100000");
  say(frame(FrameType::window_update, 0, 0, number(100'000, 4)) +
      frame(FrameType::window_update, 0, 1, number(100'000, 4)));
  EXPECT_EQ(received->streams[1].data.size(), 100'000U);
  EXPECT_TRUE(received->streams[1].ended);
  say(answer(1));
  receive_until(*client, "ok");
  ASSERT_EQ(records.size(), 1U);
  EXPECT_EQ(records[0].request_bytes, 100'000U);
}

// A client that does not read costs the server its stream's window, nobody else anything.
TEST_F(ForwardHttp2, DownloadsFollowTheClient) {
  auto slow = ask(kGet);
  accept();
  slow->stop_reading();
  say(head(1, {{":status", "200"}}));
  size_t sent = 0;
  for (; sent < 400 && received->streams[1].rst < 0; ++sent) {
    const uint64_t room = 65535 + received->windows[1];
    if ((sent + 1) * 16000 > room) break;
    say(frame(FrameType::data, 0, 1, std::string(16000, 'x')));
  }
  EXPECT_LT(sent, 400U);
  auto other = ask(kGet);
  settle();
  say(answer(3));
  receive_until(*other, "ok");
  slow->go_on_reading();
  say(frame(FrameType::data, kEndStream, 1, ""));
  receive_until(*slow, "0\r\n\r\n");
}

TEST_F(ForwardHttp2, InterimAnswersAndTrailers) {
  auto client = ask(kGet);
  accept();
  say(head(1, {{":status", "103"}, {"link", "<x>"}}) + head(1, {{":status", "200"}}));
  EXPECT_EQ(receive_head(*client), "HTTP/1.1 103 Early Hints\r\nlink: <x>\r\n\r\n");
  EXPECT_NE(receive_head(*client).find("Transfer-Encoding: chunked"), std::string::npos);
  say(frame(FrameType::data, 0, 1, "hello") + head(1, {{"grpc-status", "0"}, {"content-length", "9"}}, true));
  EXPECT_EQ(receive_until(*client, "\r\n\r\n"), "5\r\nhello\r\n0\r\ngrpc-status: 0\r\n\r\n");
}

TEST_F(ForwardHttp2, FloodOfInterimAnswers) {
  auto client = ask(kGet);
  accept();
  std::string all;
  for (int i = 0; i < 100; ++i) all += head(1, {{":status", "102"}});
  say(all);
  receive_until(*client, "HTTP/1.1 502 Bad Gateway\r\n");
  EXPECT_EQ(received->streams[1].rst, kCancel);
}

TEST_F(ForwardHttp2, ExpectContinue) {
  auto client = ask("POST / HTTP/1.1\r\nHost: h\r\nContent-Length: 4\r\nExpect: 100-continue\r\n\r\n");
  accept();
  EXPECT_EQ(received->field(1, "expect"), "100-continue");
  EXPECT_TRUE(received->streams[1].data.empty());
  say(head(1, {{":status", "100"}}));
  EXPECT_EQ(receive_head(*client), "HTTP/1.1 100 Continue\r\n\r\n");
  client->send("body");
  settle();
  EXPECT_EQ(received->streams[1].data, "body");
  say(answer(1));
  receive_until(*client, "ok");
}

TEST_F(ForwardHttp2, HeadAnd204HaveNoBody) {
  auto client = ask("HEAD / HTTP/1.1\r\nHost: h\r\n\r\n");
  accept();
  say(head(1, {{":status", "200"}, {"content-length", "500"}}, true));
  EXPECT_NE(receive_head(*client).find("Content-Length: 500"), std::string::npos);
  client->send(kGet);
  settle();
  say(head(3, {{":status", "204"}}, true));
  EXPECT_TRUE(receive_head(*client).starts_with("HTTP/1.1 204"));
  client->send(kGet);
  settle();
  say(head(5, {{":status", "200"}}, true));
  EXPECT_NE(receive_head(*client).find("Content-Length: 0"), std::string::npos);
  EXPECT_EQ(origin.accepted, 1);
}

// Answers no client may see as they are.
TEST_F(ForwardHttp2, MalformedAnswers) {
  const TestFields cases[] = {
      {},
      {{"x-a", "b"}},
      {{":status", "200"}, {":status", "200"}},
      {{":status", "abc"}},
      {{":status", "99"}},
      {{":status", "101"}},
      {{":status", "200"}, {"X-A", "b"}},
      {{":status", "200"}, {"x-a", "b\r\nc: d"}},
      {{":status", "200"}, {"connection", "close"}},
      {{":status", "200"}, {"transfer-encoding", "chunked"}},
      {{":status", "200"}, {"content-length", "1"}, {"content-length", "1"}},
      {{":status", "200"}, {"content-length", "x"}},
      {{":status", "200"}, {":path", "/"}},
      {{"x-a", "b"}, {":status", "200"}},
  };
  auto client = ask(kGet);
  accept();
  uint32_t id = 1;
  for (const TestFields& fields : cases) {
    say(head(id, fields));
    EXPECT_TRUE(receive_head(*client).starts_with("HTTP/1.1 502 Bad Gateway\r\n")) << id;
    client->received.clear();
    client->send(kGet);
    settle();
    id += 2;
  }
  say(answer(id));  // the connection is none the worse
  receive_until(*client, "ok");
}

TEST_F(ForwardHttp2, BrokenBodiesDoNotLookComplete) {
  for (const int how : {0, 1, 2, 3}) {
    auto client = ask(kGet);
    if (how == 0) accept();
    settle();
    const uint32_t id = 1 + 2 * static_cast<uint32_t>(how);
    say(head(id, {{":status", "200"}, {how == 3 ? "x-a" : "content-length", "10"}}) +
        frame(FrameType::data, 0, id, "short"));
    if (how == 0) say(frame(FrameType::data, kEndStream, id, ""));
    if (how == 1) say(frame(FrameType::data, 0, id, "too long"));
    if (how == 2) say(frame(FrameType::rst_stream, 0, id, number(kNoError, 4)));
    if (how == 3) say(frame(FrameType::rst_stream, 0, id, number(kInternalError, 4)));
    const std::string got = receive_to_end(*client);
    EXPECT_TRUE(got.ends_with(how == 3 ? "5\r\nshort\r\n" : "\r\n\r\nshort")) << how << got;
    EXPECT_NE(records.back().origin_error, "") << how;
  }
}

// Nothing of them has been passed on yet.
TEST_F(ForwardHttp2, AnswersThatFailWithTheirHeadsAreNone) {
  auto client = ask(kGet);
  accept();
  const std::string some = head(1, {{":status", "200"}}) + frame(FrameType::data, 0, 1, "some");
  say(some + frame(FrameType::rst_stream, 0, 1, number(kInternalError, 4)));
  receive_until(*client, "\r\n\r\nBad Gateway");
  client->send(kGet);
  settle();
  say(head(3, {{":status", "200"}, {"content-length", "1"}}) + frame(FrameType::data, kEndStream, 3, "too long"));
  EXPECT_TRUE(receive_head(*client).starts_with("HTTP/1.1 502"));
  ASSERT_EQ(records.size(), 2U);
  for (const Record& record : records) EXPECT_EQ(record.status, 502);
}

// What the server has not touched goes elsewhere, even a POST; what it may have does not.
TEST_F(ForwardHttp2, RefusedStreamsAreSentOnceMore) {
  auto client = ask("POST / HTTP/1.1\r\nHost: h\r\nContent-Length: 0\r\n\r\n");
  accept();
  say(frame(FrameType::rst_stream, 0, 1, number(kRefusedStream, 4)));
  accept();
  say(answer(1));
  receive_until(*client, "ok");

  client = ask("POST / HTTP/1.1\r\nHost: h\r\nContent-Length: 0\r\n\r\n");
  settle();
  say(frame(FrameType::rst_stream, 0, 3, number(kInternalError, 4)));
  EXPECT_TRUE(receive_head(*client).starts_with("HTTP/1.1 502"));
}

TEST_F(ForwardHttp2, GoAwayLosesNoRequest) {
  std::vector<std::unique_ptr<Peer>> clients;
  for (int i = 0; i < 4; ++i) clients.push_back(ask(kGet));
  accept();
  auto first = std::move(upstream);
  first->send(frame(FrameType::goaway, 0, 0, number(3, 4) + number(0, 4)));  // streams 1 and 3 are served
  accept();
  EXPECT_EQ(origin.accepted, 2);
  say(answer(1) + answer(3));
  first->send(answer(1) + answer(3));
  for (auto& client : clients) receive_until(*client, "ok");
  EXPECT_TRUE(turn_until([&] { return first->ended; }));  // nothing is left on it
  clients[0]->send(kGet);
  settle();
  say(answer(5));
  receive_until(*clients[0], "ok");
}

TEST_F(ForwardHttp2, GoAwayBehindTheLastAnswerLosesNoRequest) {
  auto served = ask(kGet), refused = ask(kGet);
  accept();
  auto first = std::move(upstream);
  // Nothing is left on the connection, which ends at once.
  first->send(answer(1) + frame(FrameType::goaway, 0, 0, number(1, 4) + number(0, 4)));
  receive_until(*served, "ok");
  accept();
  say(answer(1));
  receive_until(*refused, "ok");
}

TEST_F(ForwardHttp2, LostConnections) {
  auto client = ask(kGet);
  accept();
  upstream->reset();
  EXPECT_TRUE(receive_head(*client).starts_with("HTTP/1.1 502"));
  // One that had carried requests is tried once more elsewhere.
  client = ask(kGet);
  accept();
  say(answer(1));
  receive_until(*client, "ok");
  client->send(kGet);
  settle();
  upstream->close();
  accept();
  say(answer(1));
  receive_until(*client, "ok");
}

TEST_F(ForwardHttp2, AnswersThatDoNotCome) {
  transport.response_header_timeout = 5s;
  auto client = ask(kGet);
  accept();
  pass(4s);
  EXPECT_TRUE(client->received.empty());
  pass(2s);
  EXPECT_TRUE(receive_head(*client).starts_with("HTTP/1.1 504"));
  settle();
  EXPECT_EQ(received->streams[1].rst, kCancel);
  client = ask(kGet);
  settle();
  say(answer(3));
  receive_until(*client, "ok");
}

TEST_F(ForwardHttp2, SilenceIsAskedForASignOfLife) {
  transport.read_idle_timeout = 10s;
  transport.ping_timeout = 3s;
  auto client = ask(kGet);
  accept();
  pass(10s);
  settle();
  EXPECT_EQ(received->pings, 1);
  say(frame(FrameType::ping, kAck, 0, std::string(8, '\0')));
  pass(4s);
  EXPECT_TRUE(client->received.empty());
  pass(10s);
  settle();
  EXPECT_EQ(received->pings, 2);
  pass(3s);
  EXPECT_TRUE(receive_head(*client).starts_with("HTTP/1.1 502"));
  EXPECT_TRUE(turn_until([&] { return upstream->gone(); }));
}

TEST_F(ForwardHttp2, IdleConnectionsEnd) {
  auto client = ask(kGet);
  accept();
  say(answer(1));
  receive_until(*client, "ok");
  pass(89s);
  EXPECT_FALSE(upstream->gone());
  pass(2s);
  EXPECT_TRUE(turn_until([&] { return upstream->gone(); }));
  settle();
  EXPECT_EQ(received->goaways.size(), 1U);
}

TEST_F(ForwardHttp2, ClientGoneResetsTheStream) {
  auto client = ask(kGet);
  accept();
  client->close();
  settle();
  EXPECT_EQ(received->streams[1].rst, kCancel);
  EXPECT_TRUE(ended_as(499));
  // In the middle of the answer, and of the request.
  client = ask("POST / HTTP/1.1\r\nHost: h\r\nContent-Length: 100\r\n\r\nabc");
  settle();
  EXPECT_EQ(received->streams[3].data, "abc");
  say(head(3, {{":status", "200"}}) + frame(FrameType::data, 0, 3, "abc"));
  client->close();
  settle();
  EXPECT_GE(received->streams[3].rst, 0);
  EXPECT_FALSE(upstream->gone());
}

TEST_F(ForwardHttp2, ClientGoneWhileConnecting) {
  auto client = ask(kGet);
  auto second = ask(kGet);
  client->close();
  accept();
  settle();
  say(answer(1));
  receive_until(*second, "ok");
}

TEST_F(ForwardHttp2, NoServer) {
  origin.stop_listening();
  auto first = ask(kGet);
  auto second = ask(kGet);
  EXPECT_TRUE(receive_head(*first).starts_with("HTTP/1.1 502"));
  EXPECT_TRUE(receive_head(*second).starts_with("HTTP/1.1 502"));
}

TEST_F(ForwardHttp2, AServerThatSpeaksHttp1) {
  auto client = ask(kGet);
  accept();
  say("HTTP/1.1 400 Bad Request\r\nContent-Length: 0\r\n\r\n");
  EXPECT_TRUE(receive_head(*client).starts_with("HTTP/1.1 502"));
}

}  // namespace
}  // namespace fl::proxy
