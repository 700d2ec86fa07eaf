#include "http/server.h"

#include <malloc.h>

#include <algorithm>
#include <functional>
#include <map>

#include "http/testing/http2_frames.h"
#include "http/websocket.h"
#include "net/wake.h"
#include "support/loop_fixture.h"

namespace fl::http::h2 {
namespace {

using namespace http::testing;

using fl::testing::Peer;

// A body of the given chunks, with an error or trailers behind them; one is given out when the gate is opened.
class ScriptedBody final : public BodySource {
 public:
  explicit ScriptedBody(std::vector<std::string> chunks, BodyError error = BodyError::none)
      : chunks_(std::move(chunks)), error_(error) {}
  BodyChunk take() override { return {}; }
  net::Task<BodyChunk> read() override {
    co_await net::yield();
    if (next_ < chunks_.size()) co_return BodyChunk{chunks_[next_++], false, BodyError::none};
    co_return BodyChunk{{}, error_ == BodyError::none, error_};
  }
  std::optional<uint64_t> remaining() const override { return std::nullopt; }
  const HeaderMap* trailers() const override { return &fields; }
  HeaderMap fields;

 private:
  std::vector<std::string> chunks_;
  BodyError error_;
  size_t next_ = 0;
};

class ScriptedHandler final : public Handler {
 public:
  std::function<net::Task<>(Exchange&)> f;
  net::Task<> handle(Exchange& x) const override { return f(x); }
};

class Http2Server : public fl::testing::LoopFixture {
 protected:
  Http2Server() {
    handler.f = [](Exchange& x) -> net::Task<> {
      x.respond(200, "ok");
      co_return;
    };
  }
  ~Http2Server() override {
    if (server) server->close_all();
    quiesce();
    pass(3s);
  }

  // A client whose greeting is done; it sees the answers in `received`.
  std::unique_ptr<Peer> connect(std::string_view settings = "") {
    if (!server) server.emplace(loop, options, handler);
    auto [stream, peer] = make_pair();
    ConnectionInfo info;
    info.peer.ip = *net::IpAddress::parse("10.0.0.9");
    server->serve(std::move(stream), info);
    peer->send(std::string(kTestPreface) + frame(FrameType::settings, 0, 0, settings));
    settle(*peer);
    peer->send(frame(FrameType::settings, kAck, 0, ""));
    settle(*peer);
    return std::move(peer);
  }
  void settle(Peer& peer) {
    quiesce();
    received.take(peer.received);
  }
  void request(Peer& peer, uint32_t id, std::string path = "/", std::string method = "GET", bool ends = true) {
    peer.send(frame(FrameType::headers, kEndHeaders | (ends ? kEndStream : 0), id,
                    hpack(request_fields(std::move(method), std::move(path)))));
    settle(peer);
  }
  void window(Peer& peer, uint32_t id, uint32_t bytes) {
    peer.send(frame(FrameType::window_update, 0, id, number(bytes, 4)));
    settle(peer);
  }
  size_t data(uint32_t id) { return received.streams[id].data.size(); }

  ServerOptions options;
  ScriptedHandler handler;
  std::optional<Server> server;
  ReceivedFrames received;
};

TEST_F(Http2Server, KnowsThePrefaceHoweverItIsCut) {
  server.emplace(loop, options, handler);
  auto [stream, peer] = make_pair();
  server->serve(std::move(stream), {});
  for (const char c : std::string(kTestPreface) + frame(FrameType::settings, 0, 0, "") +
                          frame(FrameType::headers, kEndHeaders | kEndStream, 1, hpack(request_fields()))) {
    peer->send({&c, 1});
    loop.turn(false);
  }
  settle(*peer);
  EXPECT_EQ(received.status(1), 200);
}

TEST_F(Http2Server, SpeaksHttp1ToEveryoneElse) {
  server.emplace(loop, options, handler);
  for (const std::string_view first : {"P", "PR", "PRI", "PRO"}) {
    auto [stream, peer] = make_pair();
    server->serve(std::move(stream), {}, first);
    peer->send(" /x HTTP/1.1\r\nHost: h\r\n\r\n");
    EXPECT_TRUE(receive_head(*peer).starts_with("HTTP/1.1 200 OK")) << first;
  }
  auto [stream, peer] = make_pair();
  ConnectionInfo info;
  info.tls = true;
  info.alpn = "http/1.1";
  server->serve(std::move(stream), info);
  peer->send(kTestPreface);
  EXPECT_TRUE(receive_head(*peer).starts_with("HTTP/1.1 505"));
}

TEST_F(Http2Server, OneWriteForWhatHappensInOneTurn) {
  auto client = connect();
  std::string all;
  for (uint32_t i = 0; i < 100; ++i)
    all += frame(FrameType::headers, kEndHeaders | kEndStream, 1 + 2 * i, hpack(request_fields()));
  client->send(all);
  // The peer drains its socket at each event: what came in one write is there after the first.
  ASSERT_TRUE(turn_until([&] { return !client->received.empty(); }));
  received.take(client->received);
  for (uint32_t i = 0; i < 100; ++i) EXPECT_TRUE(received.streams[1 + 2 * i].ended) << i;
}

TEST_F(Http2Server, LargeBodyFollowsTheWindows) {
  handler.f = [](Exchange& x) -> net::Task<> {
    x.respond_owned(200, std::string(300'000, 'x'), "text/plain");
    co_return;
  };
  auto client = connect();
  request(*client, 1);
  EXPECT_EQ(data(1), 65535U);
  EXPECT_EQ(received.field(1, "content-length"), "300000");
  window(*client, 1, 300'000);
  EXPECT_EQ(data(1), 65535U);  // the connection's window is empty still
  window(*client, 0, 100'000);
  EXPECT_EQ(data(1), 165535U);
  window(*client, 0, 300'000);
  EXPECT_EQ(data(1), 300'000U);
  EXPECT_TRUE(received.streams[1].ended);
  for (const FrameHeader& header : received.frames) EXPECT_LE(header.length, 16384U);
}

TEST_F(Http2Server, StreamsTakeTurns) {
  handler.f = [](Exchange& x) -> net::Task<> {
    x.respond_owned(200, std::string(200'000, 'x'), "text/plain");
    co_return;
  };
  auto client = connect(number(4, 2) + number(1'000'000, 4));
  request(*client, 1);
  request(*client, 3);
  window(*client, 0, 128 << 10);
  const size_t less = std::min(data(1), data(3)), more = std::max(data(1), data(3));
  EXPECT_GT(less, 0U);
  EXPECT_LE(more - less, size_t{65535 + 16384});  // what the first had before the second came
}

TEST_F(Http2Server, AClientThatDoesNotReadCostsABlock) {
  handler.f = [](Exchange& x) -> net::Task<> {
    x.respond_owned(200, std::string(1 << 20, 'x'), "text/plain");
    co_return;
  };
  auto client = connect(number(4, 2) + number(1 << 30, 4));
  window(*client, 0, 1 << 30);
  client->stop_reading();
  for (uint32_t i = 0; i < 200; ++i) request(*client, 1 + 2 * i);
  EXPECT_GE(server->active_exchanges(), 150U);  // what the kernel did not take
  pass(61s);                                    // without progress
  pass(10s);
  EXPECT_EQ(server->active_exchanges(), 0U);
  EXPECT_EQ(server->connections(), 0U);
}

TEST_F(Http2Server, TrailersOfAnAnswer) {
  handler.f = [](Exchange& x) -> net::Task<> {
    auto body = std::make_unique<ScriptedBody>(std::vector<std::string>{"a", "b"});
    body->fields.append("Grpc-Status", "0");
    body->fields.append("Content-Length", "1");
    x.response.status = 200;
    x.response.framing = Framing::chunked;
    x.response.headers.append("X-Mixed", "Case");
    x.response.headers.append("Connection", "close");
    x.response.headers.append("Transfer-Encoding", "chunked");
    x.response_body = std::move(body);
    co_return;
  };
  auto client = connect();
  request(*client, 1);
  const auto& stream = received.streams[1];
  ASSERT_EQ(stream.blocks.size(), 2U);
  EXPECT_EQ(stream.blocks[0],
            (TestFields{{":status", "200"}, {"x-mixed", "Case"}, {"date", "Sat, 21 Nov 2026 00:00:00 GMT"}}));
  EXPECT_EQ(stream.blocks[1], (TestFields{{"grpc-status", "0"}}));
  EXPECT_EQ(stream.data, "ab");
  EXPECT_TRUE(stream.ended);
}

TEST_F(Http2Server, NoBodyForHead204And304) {
  for (const auto& [method, status] : {std::pair("HEAD", 200), {"GET", 204}, {"GET", 304}}) {
    handler.f = [code = static_cast<uint16_t>(status)](Exchange& x) -> net::Task<> {
      x.respond(code, "body");
      co_return;
    };
    auto client = connect();
    request(*client, 1, "/", method);
    EXPECT_EQ(received.status(1), status);
    EXPECT_TRUE(received.streams[1].ended);
    EXPECT_EQ(data(1), 0U);
    received.streams.clear();
    client->close();
    pass(3s);
  }
}

// What was sent of it must not look complete.
TEST_F(Http2Server, BrokenBodyIsReset) {
  for (const bool counted : {false, true}) {
    handler.f = [counted](Exchange& x) -> net::Task<> {
      x.response.status = 200;
      x.response.framing = counted ? Framing::length : Framing::chunked;
      x.response.content_length = 10;
      x.response_body = std::make_unique<ScriptedBody>(std::vector<std::string>{"short"},
                                                       counted ? BodyError::none : BodyError::broken);
      co_return;
    };
    auto client = connect();
    request(*client, 1);
    EXPECT_EQ(received.streams[1].data, "short");
    EXPECT_FALSE(received.streams[1].ended);
    EXPECT_EQ(received.streams[1].rst, kInternalError);
    received.streams.clear();
  }
}

TEST_F(Http2Server, InterimAnswers) {
  handler.f = [](Exchange& x) -> net::Task<> {
    ResponseHead early;
    early.status = 103;
    early.headers.append("Link", "<x>");
    co_await x.send_interim(early);
    x.respond(200, "ok");
  };
  auto client = connect();
  request(*client, 1);
  ASSERT_EQ(received.streams[1].blocks.size(), 2U);
  EXPECT_EQ(received.streams[1].blocks[0], (TestFields{{":status", "103"}, {"link", "<x>"}}));
  EXPECT_EQ(received.status(1), 200);
}

// Room is made as the reader moves on, not before.
TEST_F(Http2Server, UploadsFollowTheReader) {
  net::Wake go_on;
  size_t read = 0;
  handler.f = [&](Exchange& x) -> net::Task<> {
    for (;;) {
      co_await go_on;
      const BodyChunk chunk = co_await x.request_body->read();
      read += chunk.data.size();
      if (chunk.last || chunk.error != BodyError::none) break;
    }
    x.respond(200, "ok");
  };
  auto client = connect();
  request(*client, 1, "/", "POST", false);
  for (int i = 0; i < 3; ++i) client->send(frame(FrameType::data, 0, 1, std::string(16384, 'x')));
  settle(*client);
  EXPECT_EQ(received.windows[1], 0U);
  for (int i = 0; i < 2; ++i) {  // the second read gives the first chunk back
    go_on.notify();
    settle(*client);
    client->send(frame(FrameType::data, 0, 1, std::string(100, 'x')));
    settle(*client);
  }
  EXPECT_GE(received.windows[1], 3U * 16384);
  client->send(frame(FrameType::data, kEndStream, 1, "end"));
  for (int i = 0; i < 3; ++i) {
    go_on.notify();
    settle(*client);
  }
  EXPECT_EQ(read, 3U * 16384 + 203);
  EXPECT_EQ(received.status(1), 200);
}

TEST_F(Http2Server, UnreadUploadsLeaveTheConnectionUsable) {
  auto client = connect();
  for (uint32_t i = 0; i < 60; ++i) {  // 60 x 48 KiB: far more than the connection's window
    const uint32_t id = 1 + 2 * i;
    client->send(frame(FrameType::headers, kEndHeaders, id, hpack(request_fields("POST"))) +
                 frame(FrameType::data, 0, id, std::string(16384, 'x')) +
                 frame(FrameType::data, 0, id, std::string(16384, 'x')) +
                 frame(FrameType::data, 0, id, std::string(16384, 'x')));
    settle(*client);
    EXPECT_EQ(received.status(id), 200);
  }
  pass(2s);
  settle(*client);
  for (uint32_t i = 0; i < 60; ++i) EXPECT_EQ(received.streams[1 + 2 * i].rst, kNoError);
  EXPECT_GE(received.windows[0], 60U * 48 * 1024 - (512 << 10));
  EXPECT_TRUE(received.goaways.empty());
}

// A client that is told to stop before it has sent what it was about to may drop the answer.
TEST_F(Http2Server, AnEarlyAnswerLetsTheUploadEnd) {
  for (const bool with_body : {true, false}) {
    handler.f = [with_body](Exchange& x) -> net::Task<> {
      x.respond(with_body ? 200 : 204, with_body ? "ok" : "");
      co_return;
    };
    auto client = connect();
    request(*client, 1, "/", "POST", false);
    EXPECT_TRUE(received.streams[1].ended);
    EXPECT_EQ(received.streams[1].rst, -1);
    client->send(frame(FrameType::data, kEndStream, 1, "x=1"));
    settle(*client);
    pass(2s);
    settle(*client);
    EXPECT_EQ(received.streams[1].rst, -1);
    received.streams.clear();
  }
}

struct Listener final : ClientGoneListener {
  bool gone = false;
  net::Wake wake;
  void on_client_gone() noexcept override {
    gone = true;
    wake.notify();
  }
};

net::Task<> until_gone(Exchange& x) {
  Listener listener;
  x.watch_client(&listener);
  while (!listener.gone) co_await listener.wake;
}

TEST_F(Http2Server, ClientGoneIsTold) {
  Listener listener;
  int ended = 0;
  handler.f = [&](Exchange& x) -> net::Task<> {
    x.watch_client(&listener);
    while (!listener.gone) co_await listener.wake;
    ++ended;
    x.drop_connection = true;
  };
  for (const int how : {0, 1, 2}) {
    listener.gone = false;
    auto client = connect();
    request(*client, 1);
    ASSERT_FALSE(listener.gone);
    if (how == 0) client->send(frame(FrameType::rst_stream, 0, 1, number(kCancel, 4)));
    if (how == 1) client->half_close();
    if (how == 2) client->reset();
    quiesce();
    EXPECT_TRUE(listener.gone) << how;
  }
  EXPECT_EQ(ended, 3);
}

TEST_F(Http2Server, DrainIsTwoSteps) {
  std::map<std::string, net::Wake, std::less<>> go_on;
  handler.f = [&](Exchange& x) -> net::Task<> {
    co_await go_on[std::string(x.request.path)];
    x.respond(200, "ok");
  };
  auto client = connect();
  request(*client, 1, "/1");
  server->drain();
  settle(*client);
  ASSERT_EQ(received.goaways.size(), 1U);
  EXPECT_EQ(received.goaways[0], std::pair(0x7fffffffU, 0U));
  request(*client, 3, "/3");  // crossed the notice
  pass(1s);
  settle(*client);
  ASSERT_EQ(received.goaways.size(), 2U);
  EXPECT_EQ(received.goaways[1], std::pair(3U, 0U));
  EXPECT_FALSE(client->ended);
  for (const char* path : {"/1", "/3"}) {
    go_on[path].notify();
    settle(*client);
  }
  EXPECT_EQ(received.status(1), 200);
  EXPECT_EQ(received.status(3), 200);
  EXPECT_TRUE(client->ended);
}

TEST_F(Http2Server, IdleConnectionsEndWhenDrained) {
  auto client = connect();
  request(*client, 1);
  server->drain();
  settle(*client);
  EXPECT_FALSE(client->ended);
  pass(1s);
  settle(*client);
  EXPECT_TRUE(client->ended);
  client->close();
  quiesce();
  EXPECT_EQ(server->connections(), 0U);
}

TEST_F(Http2Server, AConnectionServesSoManyRequests) {
  options.max_requests = 3;
  auto client = connect();
  for (uint32_t id : {1, 3}) request(*client, id);
  EXPECT_TRUE(received.goaways.empty());
  request(*client, 5);
  EXPECT_EQ(received.goaways.size(), 1U);
  EXPECT_EQ(received.status(5), 200);
  pass(1s);
  settle(*client);
  EXPECT_TRUE(client->ended);
}

TEST_F(Http2Server, CloseAllEndsEverything) {
  handler.f = until_gone;
  auto client = connect();
  request(*client, 1);
  client->send(frame(FrameType::headers, kEndHeaders, 3,
                     hpack({{":method", "POST"},
                            {":scheme", "http"},
                            {":path", "/"},
                            {":authority", "h"},
                            {"content-length", "0"}})));  // waits for its end
  settle(*client);
  EXPECT_EQ(server->active_exchanges(), 2U);
  server->close_all();
  EXPECT_TRUE(turn_until([&] { return server->connections() == 0; }));
  EXPECT_EQ(server->active_exchanges(), 0U);
}

// Whatever the fields of open streams look like, they share one allowance; who is refused may try again.
TEST_F(Http2Server, WhatAllStreamsHoldIsBounded) {
  struct Case {
    std::string_view name;
    TestFields fields;
    size_t least, most;  // streams that are served, of 250
  };
  TestFields call{{"te", "trailers"},
                  {"content-type", "application/grpc"},
                  {"user-agent", "grpc-python/1.80.0 grpc-c/53.0.0 (linux; chttp2)"},
                  {"grpc-accept-encoding", "identity, deflate, gzip"},
                  {"grpc-timeout", "59999m"},
                  {"traceparent", "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01"},
                  {"authorization", std::string(1200, 'x')}};
  TestFields many, uneven, cookies;
  for (int i = 0; i < 100; ++i) many.emplace_back("a", "");
  for (int i = 0; i < 10; ++i) uneven.insert(uneven.end(), {{"a", std::string(1025, 'x')}, {"b", "x"}});
  for (int i = 0; i < 4; ++i) cookies.emplace_back("cookie", std::string(1000, 'c'));
  const Case cases[] = {
      {"no fields of their own", {}, 250, 250},
      {"a call with a token", call, 250, 250},
      {"one of 3 KiB", {{"a", std::string(3 << 10, 'x')}}, 215, 235},
      {"one of 15 KB", {{"a", std::string(15'000, 'x')}}, 85, 95},
      {"many without a value", many, 130, 150},
      {"large and small in turn", uneven, 90, 110},
      {"cookies, which are joined", cookies, 100, 140},
  };
  handler.f = until_gone;
  for (const Case& c : cases) {
    SCOPED_TRACE(c.name);
    TestFields fields = request_fields();
    fields.insert(fields.end(), c.fields.begin(), c.fields.end());
    const std::string block = hpack(fields);
    const size_t before = ::mallinfo2().uordblks;
    auto client = connect();
    for (uint32_t i = 0; i < 250; ++i) {
      client->send(frame(FrameType::headers, kEndHeaders | kEndStream, 1 + 2 * i, block));
      if (i % 10 == 0) quiesce();
    }
    quiesce();
    EXPECT_LT(::mallinfo2().uordblks - before, 2'000'000U);  // always, where a sanitizer has the heap
    const size_t served = server->active_exchanges();
    EXPECT_GE(served, c.least);
    EXPECT_LE(served, c.most);
    ReceivedFrames answers;
    answers.take(client->received);
    EXPECT_EQ(answers.streams[499].rst, served == 250 ? int64_t{-1} : int64_t{kRefusedStream});
    EXPECT_TRUE(answers.goaways.empty());
    client->close();
    EXPECT_TRUE(turn_until([&] { return server->connections() == 0; }));
    server.reset();  // and the exchanges it keeps
  }
}

// Whoever keeps to the number of streams we announce is served.
TEST_F(Http2Server, MoreStreamsMayHoldMore) {
  options.http2.max_concurrent_streams = 600;
  handler.f = until_gone;
  auto client = connect();
  const std::string block = hpack(request_fields());
  for (uint32_t i = 0; i < 600; ++i) {
    client->send(frame(FrameType::headers, kEndHeaders | kEndStream, 1 + 2 * i, block));
    if (i % 10 == 0) settle(*client);
  }
  settle(*client);
  EXPECT_EQ(server->active_exchanges(), 600U);
}

// Trailers count, too: each stream could bring as much of them as of a head.
TEST_F(Http2Server, TrailersCountAmongWhatStreamsHold) {
  handler.f = until_gone;
  auto client = connect();
  for (uint32_t i = 0; i < 100; ++i) {
    const uint32_t id = 1 + 2 * i;
    client->send(frame(FrameType::headers, kEndHeaders, id, hpack(request_fields("POST"))));
    client->send(frame(FrameType::headers, kEndHeaders | kEndStream, id, hpack({{"a", std::string(16'000, 'x')}})));
    settle(*client);
  }
  EXPECT_GE(server->active_exchanges(), 80U);
  EXPECT_LE(server->active_exchanges(), 95U);
  EXPECT_TRUE(received.goaways.empty());
}

// ---- websockets (RFC 8441)

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
