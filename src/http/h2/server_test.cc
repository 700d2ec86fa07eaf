#include "http/server.h"

#include <algorithm>
#include <map>

#include "http/h2/server_for_test.h"

namespace fl::http::h2 {
namespace {

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
  struct : Attachment {
    BodyError error = BodyError::none;
    void on_end(Exchange& x) noexcept override { error = x.response_error; }
  } attachment;
  for (const bool counted : {false, true}) {
    handler.f = [counted, &attachment](Exchange& x) -> net::Task<> {
      x.attachment = &attachment;
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
    EXPECT_EQ(attachment.error, counted ? BodyError::truncated : BodyError::broken);
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

}  // namespace
}  // namespace fl::http::h2
