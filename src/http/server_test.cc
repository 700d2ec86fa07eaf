#include "http/server.h"

#include <algorithm>
#include <functional>

#include "support/loop_fixture.h"

namespace fl::http {
namespace {

using testing::Peer;

// What handlers of these tests wait for.
struct Gate {
  std::coroutine_handle<> waiting;
  bool await_ready() noexcept { return false; }
  void await_suspend(std::coroutine_handle<> h) { waiting = h; }
  void await_resume() noexcept {}
  void open() {
    if (waiting) std::exchange(waiting, {}).resume();
  }
};

// A body of the given chunks, with an error or trailers behind them.
class ScriptedBody final : public BodySource {
 public:
  explicit ScriptedBody(std::vector<std::string> chunks, BodyError error = BodyError::none)
      : chunks_(std::move(chunks)), error_(error) {}
  BodyChunk take() override { return next_ == 0 ? next() : BodyChunk{}; }
  net::Task<BodyChunk> read() override {
    co_await net::yield();
    co_return next();
  }
  std::optional<uint64_t> remaining() const override { return std::nullopt; }
  const HeaderMap* trailers() const override { return &fields; }
  HeaderMap fields;

 private:
  BodyChunk next() {
    if (next_ < chunks_.size()) return {chunks_[next_++], false, BodyError::none};
    return {{}, error_ == BodyError::none, error_};
  }
  std::vector<std::string> chunks_;
  BodyError error_;
  size_t next_ = 0;
};

class ScriptedHandler final : public Handler {
 public:
  using Function = std::function<net::Task<>(Exchange&)>;
  Function f;
  mutable std::vector<std::string> seen;  // "GET /path"
  net::Task<> handle(Exchange& x) const override {
    seen.push_back(std::string(x.request.method) + " " + std::string(x.request.path));
    return f(x);
  }
};

struct CountingAttachment final : Attachment {
  int ends = 0;
  std::string path;
  void on_end(Exchange& x) noexcept override {
    ++ends;
    path = x.request.path;
  }
};

net::Task<> say_path(Exchange& x) {
  x.respond(200, x.arena.concat({"you asked for ", x.request.path, "\n"}));
  co_return;
}

net::Task<> echo_body(Exchange& x) {
  std::string all;
  while (x.request_body != nullptr) {
    const BodyChunk chunk = co_await x.request_body->read();
    all += chunk.data;
    if (chunk.error != BodyError::none) {
      x.close_connection = true;
      x.respond(400, "bad body\n");
      co_return;
    }
    if (chunk.last) break;
  }
  x.respond_owned(200, std::move(all), "text/plain");
}

class ServerTest : public testing::LoopFixture {
 protected:
  ServerTest() { handler.f = say_path; }
  ~ServerTest() override {
    if (server) server->close_all();
    quiesce();
  }
  void start() { server.emplace(loop, options, handler); }
  // A client of the server.
  std::unique_ptr<Peer> connect() {
    if (!server) start();
    auto [stream, peer] = make_pair();
    ConnectionInfo info;
    info.peer.ip = *net::IpAddress::parse("10.0.0.9");
    server->serve(std::move(stream), info);
    return std::move(peer);
  }
  // Head and body of one answer with Content-Length.
  std::string receive_answer(Peer& peer) {
    std::string head = receive_head(peer);
    const size_t at = head.find("Content-Length: ");
    if (at == head.npos) return head;
    const size_t length = std::stoul(head.substr(at + 16));
    EXPECT_TRUE(turn_until([&] { return peer.received.size() >= length || peer.gone(); }));
    head += peer.received.substr(0, length);
    peer.received.erase(0, length);
    return head;
  }
  std::string ask(Peer& peer, std::string_view request) {
    peer.send(request);
    return receive_answer(peer);
  }
  size_t connections() const { return server->connections(); }

  ServerOptions options;
  ScriptedHandler handler;
  std::optional<Server> server;
};

const std::string kGet = "GET /a HTTP/1.1\r\nHost: h\r\n\r\n";

TEST_F(ServerTest, KeepAlive) {
  auto client = connect();
  const std::string answer = ask(*client, kGet);
  EXPECT_TRUE(answer.starts_with("HTTP/1.1 200 OK\r\n")) << answer;
  EXPECT_NE(answer.find("Date: Sat, 21 Nov 2026 00:00:00 GMT\r\n"), answer.npos);
  EXPECT_TRUE(answer.ends_with("\r\n\r\nyou asked for /a\n"));
  EXPECT_EQ(answer.find("Connection:"), answer.npos);
  for (int i = 0; i < 10; ++i) EXPECT_EQ(ask(*client, kGet), answer);
  EXPECT_EQ(handler.seen.size(), 11U);
  EXPECT_EQ(server->active_exchanges(), 0U);
}

TEST_F(ServerTest, ConnectionWishes) {
  const struct {
    std::string_view head, connection;
    bool stays;
  } cases[] = {
      {"GET / HTTP/1.1\r\nHost: h\r\n\r\n", "", true},
      {"GET / HTTP/1.1\r\nHost: h\r\nConnection: close\r\n\r\n", "Connection: close", false},
      {"GET / HTTP/1.0\r\n\r\n", "Connection: close", false},
      {"GET / HTTP/1.0\r\nConnection: keep-alive\r\n\r\n", "Connection: keep-alive", true},
  };
  for (const auto& c : cases) {
    auto client = connect();
    const std::string answer = ask(*client, c.head);
    EXPECT_NE(answer.find(c.connection), answer.npos) << c.head << answer;
    quiesce();
    EXPECT_EQ(client->ended, !c.stays) << c.head;
  }
}

TEST_F(ServerTest, Pipelining) {
  auto client = connect();
  std::string all, want;
  for (int i = 0; i < 300; ++i) {
    all += "GET /" + std::to_string(i) + " HTTP/1.1\r\nHost: h\r\n\r\n";
    all += "POST /p HTTP/1.1\r\nHost: h\r\nContent-Length: 3\r\n\r\nabc";
  }
  handler.f = echo_body;
  client->send(all);
  ASSERT_TRUE(turn_until([&] { return handler.seen.size() == 600; }));
  quiesce();
  EXPECT_EQ(std::ranges::count(client->received, '\n') > 0, true);
  size_t answers = 0;
  for (size_t at = 0; (at = client->received.find("HTTP/1.1 200", at)) != std::string::npos; ++at) ++answers;
  EXPECT_EQ(answers, 600U);
  EXPECT_EQ(handler.seen[598], "GET /299");
}

TEST_F(ServerTest, ByteByByte) {
  handler.f = echo_body;
  auto client = connect();
  for (const char c : std::string("POST /x HTTP/1.1\r\nHost: h\r\nTransfer-Encoding: chunked\r\n\r\n"
                                  "5;ext=1\r\nhello\r\n7\r\n, world\r\n0\r\nTrailer: x\r\n\r\n") +
                          kGet) {
    client->send({&c, 1});
    loop.turn(false);
  }
  EXPECT_TRUE(receive_answer(*client).ends_with("\r\n\r\nhello, world"));
  EXPECT_TRUE(receive_answer(*client).ends_with("Content-Length: 0\r\n\r\n"));
}

TEST_F(ServerTest, BadHeadsAreRefusedAndTheConnectionEnds) {
  const struct {
    std::string request;
    std::string_view status;
  } cases[] = {
      {"GARBAGE\r\n\r\n", "400"},
      {"GET / HTTP/1.1\r\n\r\n", "400"},
      {"GET / HTTP/1.1\r\nHost: h\r\nContent-Length: 1\r\nTransfer-Encoding: chunked\r\n\r\n", "400"},
      {"CONNECT a:1 HTTP/1.1\r\nHost: a:1\r\n\r\n", ""},
      {"GET / HTTP/2.0\r\nHost: h\r\n\r\n", "505"},
      {"GET / HTTP/1.1\r\nHost: h\r\nX: " + std::string(3 << 20, 'x') + "\r\n\r\n", "431"},
  };
  for (const auto& c : cases) {
    auto client = connect();
    client->send(c.request);
    const std::string answer = receive_answer(*client);
    EXPECT_TRUE(answer.starts_with("HTTP/1.1 " + std::string(c.status))) << c.request.substr(0, 60) << answer;
    EXPECT_NE(answer.find("Connection: close"), answer.npos);
    ASSERT_TRUE(turn_until([&] { return client->ended; }));
    client.reset();
    ASSERT_TRUE(turn_until([&] { return connections() == 0; }));
  }
  EXPECT_TRUE(handler.seen.empty());
}

// A pooled exchange remembers nothing: an unreadable request after a HEAD gets a body, in HTTP/1.1.
TEST_F(ServerTest, RefusalKnowsNothingOfEarlierRequests) {
  auto first = connect();
  first->send("HEAD / HTTP/1.0\r\n\r\n");
  receive_head(*first);
  auto second = connect();
  EXPECT_TRUE(ask(*second, "GARBAGE\r\n\r\n").ends_with("\r\n\r\nBad Request"));
}

TEST_F(ServerTest, SlowHead) {
  options.head_timeout = 5s;
  auto client = connect();
  pass(59s);  // before the first byte only the read timeout counts
  client->send("GET / HT");
  quiesce();
  pass(4999ms);
  EXPECT_EQ(client->received, "");
  client->send("TP/1.1\r\n");  // a few more bytes give no more time
  quiesce();
  pass(1ms);
  EXPECT_TRUE(receive_answer(*client).starts_with("HTTP/1.1 408 "));
  pass(2s);  // the linger
  EXPECT_EQ(connections(), 0U);
}

// A slow link is no attack: 240 bytes buy a second, as long as the whole request has time.
TEST_F(ServerTest, SlowHeadThatKeepsGoing) {
  options.head_timeout = 5s;
  auto client = connect();
  client->send("GET / HTTP/1.1\r\nHost: h\r\nX: " + std::string(1200, 'x'));
  quiesce();
  pass(9s);
  client->send("\r\n");
  quiesce();
  EXPECT_EQ(client->received, "");
  EXPECT_TRUE(ask(*client, "\r\n").starts_with("HTTP/1.1 200 "));
  client->send("GET / HTTP/1.1\r\nHost: h\r\nX: " + std::string(1200, 'x'));
  quiesce();
  pass(9999ms);
  EXPECT_EQ(client->received, "");
  pass(10ms);
  EXPECT_TRUE(receive_answer(*client).starts_with("HTTP/1.1 408 "));
}

TEST_F(ServerTest, SlowBody) {
  options.read_timeout = 20s;
  handler.f = echo_body;
  auto client = connect();
  client->send("POST / HTTP/1.1\r\nHost: h\r\nContent-Length: 10\r\n\r\n12345");
  quiesce();
  pass(19s);
  EXPECT_EQ(client->received, "");
  pass(1s);
  EXPECT_TRUE(receive_answer(*client).starts_with("HTTP/1.1 400 "));
}

TEST_F(ServerTest, IdleTimeout) {
  options.idle_timeout = 30s;
  auto client = connect();
  ask(*client, kGet);
  pass(29s);
  EXPECT_FALSE(client->ended);
  ask(*client, kGet);
  pass(29s);
  EXPECT_FALSE(client->ended);
  pass(1s);
  EXPECT_TRUE(client->ended);
  EXPECT_EQ(client->received, "");  // no 408: nobody asked anything
  EXPECT_EQ(connections(), 0U);
}

TEST_F(ServerTest, ExpectContinueWhenTheBodyIsRead) {
  handler.f = echo_body;
  auto client = connect();
  client->send("POST / HTTP/1.1\r\nHost: h\r\nContent-Length: 5\r\nExpect: 100-continue\r\n\r\n");
  EXPECT_EQ(receive_head(*client), "HTTP/1.1 100 Continue\r\n\r\n");
  EXPECT_TRUE(ask(*client, "12345").ends_with("\r\n\r\n12345"));
  // A body that came along needs no asking.
  EXPECT_TRUE(ask(*client, "POST / HTTP/1.1\r\nHost: h\r\nContent-Length: 5\r\nExpect: 100-continue\r\n\r\n12345")
                  .starts_with("HTTP/1.1 200 "));
}

TEST_F(ServerTest, ExpectContinueWhenTheBodyIsNotWanted) {
  auto client = connect();
  const std::string answer =
      ask(*client, "POST / HTTP/1.1\r\nHost: h\r\nContent-Length: 5\r\nExpect: 100-continue\r\n\r\n");
  EXPECT_TRUE(answer.starts_with("HTTP/1.1 200 ")) << answer;
  EXPECT_NE(answer.find("Connection: close"), answer.npos);  // the body may come or not
  ASSERT_TRUE(turn_until([&] { return client->ended; }));
}

TEST_F(ServerTest, NoBodyForHead204And304) {
  handler.f = [](Exchange& x) -> net::Task<> {
    x.respond(static_cast<uint16_t>(x.request.path == "/204" ? 204 : x.request.path == "/304" ? 304 : 200), "12345");
    co_return;
  };
  auto client = connect();
  client->send(
      "HEAD /h HTTP/1.1\r\nHost: h\r\n\r\nGET /204 HTTP/1.1\r\nHost: h\r\n\r\nGET /304 HTTP/1.1\r\nHost: "
      "h\r\n\r\nGET / HTTP/1.1\r\nHost: h\r\n\r\n");
  EXPECT_NE(receive_head(*client).find("Content-Length: 5\r\n"), std::string::npos);
  EXPECT_EQ(receive_head(*client).find("Content-Length"), std::string::npos);
  EXPECT_TRUE(receive_head(*client).starts_with("HTTP/1.1 304"));
  EXPECT_TRUE(receive_answer(*client).ends_with("12345"));
}

net::Task<> stream_chunks(Exchange& x) {
  x.response.status = 200;
  x.response.framing = Framing::chunked;
  auto body = std::make_unique<ScriptedBody>(std::vector<std::string>{"one", "two", "three"});
  body->fields.append("X-Sum", "42");
  body->fields.append("Set-Cookie", "not=forwarded");
  x.response_body = std::move(body);
  co_return;
}

TEST_F(ServerTest, StreamsToEachVersionItsOwnWay) {
  handler.f = stream_chunks;
  auto client = connect();
  client->send(kGet);
  EXPECT_NE(receive_head(*client).find("Transfer-Encoding: chunked\r\n"), std::string::npos);
  EXPECT_EQ(receive_until(*client, "\r\n\r\n"), "3\r\none\r\n3\r\ntwo\r\n5\r\nthree\r\n0\r\nX-Sum: 42\r\n\r\n");
  auto old = connect();
  old->send("GET / HTTP/1.0\r\nConnection: keep-alive\r\n\r\n");
  const std::string head = receive_head(*old);
  EXPECT_EQ(head.find("Transfer-Encoding"), head.npos);
  EXPECT_NE(head.find("Connection: close"), head.npos);
  EXPECT_EQ(receive_to_end(*old), "onetwothree");
  EXPECT_EQ(old->error, 0);
}

// Whatever way the body's end is told, a broken one does not look complete.
TEST_F(ServerTest, BrokenBodyDoesNotLookComplete) {
  Framing framing = Framing::chunked;
  handler.f = [&framing](Exchange& x) -> net::Task<> {
    x.response.status = 200;
    x.response.framing = framing;
    x.response.content_length = 100;
    x.response_body = std::make_unique<ScriptedBody>(std::vector<std::string>{"some"}, BodyError::truncated);
    co_return;
  };
  for (const Framing f : {Framing::chunked, Framing::length}) {
    framing = f;
    auto client = connect();
    client->send(kGet);
    const std::string got = receive_to_end(*client);
    EXPECT_NE(got.find("some"), got.npos);
    EXPECT_EQ(got.find("\r\n0\r\n"), got.npos);
  }
  auto old = connect();
  old->send("GET / HTTP/1.0\r\n\r\n");
  framing = Framing::until_close;
  receive_to_end(*old);
  EXPECT_EQ(old->error, ECONNRESET);
}

TEST_F(ServerTest, SourceLongerOrShorterThanItsLength) {
  for (const uint64_t length : {3U, 5U}) {
    handler.f = [length](Exchange& x) -> net::Task<> {
      x.response.status = 200;
      x.response.framing = Framing::length;
      x.response.content_length = length;
      x.response_body = std::make_unique<ScriptedBody>(std::vector<std::string>{"12", "34"});
      co_return;
    };
    auto client = connect();
    client->send(kGet);
    const std::string got = receive_to_end(*client);
    EXPECT_LT(got.size() - got.find("\r\n\r\n") - 4, length + 1);
    EXPECT_EQ(connections(), 0U);
  }
}

TEST_F(ServerTest, UnreadBodyIsDiscarded) {
  auto client = connect();
  const std::string body(200000, 'b');
  client->send("POST / HTTP/1.1\r\nHost: h\r\nContent-Length: 200000\r\n\r\n" + body + kGet);
  EXPECT_TRUE(receive_answer(*client).ends_with("asked for /\n"));
  EXPECT_TRUE(receive_answer(*client).ends_with("asked for /a\n"));
}

TEST_F(ServerTest, UnreadBodyTooLargeEndsTheConnectionButNotTheAnswer) {
  for (const std::string framing : {"Content-Length: 8000000", "Transfer-Encoding: chunked"}) {
    auto client = connect();
    client->send("POST / HTTP/1.1\r\nHost: h\r\n" + framing + "\r\n\r\n" + (framing[0] == 'T' ? "7A1200\r\n" : "") +
                 std::string(3000000, 'b'));
    const std::string answer = receive_answer(*client);
    EXPECT_TRUE(answer.ends_with("asked for /\n")) << answer;
    if (framing[0] == 'C') EXPECT_NE(answer.find("Connection: close"), answer.npos);
    ASSERT_TRUE(turn_until([&] { return client->gone(); }));
    EXPECT_EQ(client->error, 0);  // an end, not a reset
    client.reset();
    ASSERT_TRUE(turn_until([&] { return connections() == 0; }));
  }
}

TEST_F(ServerTest, RefusalReachesAClientThatStillSends) {
  auto client = connect();
  client->send("POST / HTTP/1.1\r\nHost: h\r\nHost: h\r\n\r\n" + std::string(1 << 20, 'x'));
  EXPECT_TRUE(receive_answer(*client).starts_with("HTTP/1.1 400 "));
  ASSERT_TRUE(turn_until([&] { return client->gone(); }));
  EXPECT_EQ(client->error, 0);
  pass(2s);
  EXPECT_EQ(connections(), 0U);
}

TEST_F(ServerTest, LastAnswerReachesAClientThatPipelinesOn) {
  options.max_requests = 1;
  auto client = connect();
  client->send(kGet + kGet);
  const std::string answer = receive_answer(*client);
  EXPECT_NE(answer.find("Connection: close"), answer.npos);
  ASSERT_TRUE(turn_until([&] { return client->gone(); }));
  EXPECT_EQ(client->error, 0);
  EXPECT_EQ(handler.seen.size(), 1U);
}

TEST_F(ServerTest, MaxAge) {
  options.max_age = 10s;
  auto client = connect();
  EXPECT_EQ(ask(*client, kGet).find("Connection:"), std::string::npos);
  pass(10s);
  EXPECT_NE(ask(*client, kGet).find("Connection: close"), std::string::npos);
  ASSERT_TRUE(turn_until([&] { return client->ended; }));
}

TEST_F(ServerTest, DrainEndsIdleConnectionsAfterAMoment) {
  auto idle = connect();
  ask(*idle, kGet);
  auto fresh = connect();
  server->drain();
  pass(999ms);
  EXPECT_FALSE(idle->ended);
  const std::string last = ask(*fresh, kGet);  // it was on its way
  EXPECT_NE(last.find("Connection: close"), last.npos);
  pass(1ms);
  EXPECT_TRUE(idle->ended);
  EXPECT_EQ(connections(), 0U);
}

TEST_F(ServerTest, DrainLetsRunningExchangesFinish) {
  Gate gate;
  handler.f = [&gate](Exchange& x) -> net::Task<> {
    co_await gate;
    x.respond(200, "done");
  };
  auto client = connect();
  client->send(kGet);
  ASSERT_TRUE(turn_until([&] { return bool(gate.waiting); }));
  server->drain();
  pass(10s);
  EXPECT_EQ(connections(), 1U);
  gate.open();
  const std::string answer = receive_to_end(*client);
  EXPECT_NE(answer.find("Connection: close"), answer.npos);
  EXPECT_TRUE(answer.ends_with("done"));
}

// The head had promised to keep the connection when the drain began: it is ended as an idle one.
TEST_F(ServerTest, DrainWhileABodyIsSent) {
  handler.f = [](Exchange& x) -> net::Task<> {
    x.respond_owned(200, std::string(16 << 20, 'x'), "text/plain");
    co_return;
  };
  auto client = connect();
  client->stop_reading();
  client->send(kGet);
  quiesce();
  server->drain();
  client->go_on_reading();
  ASSERT_TRUE(turn_until([&] { return client->received.size() > (16 << 20); }));
  quiesce();
  pass(1s);
  EXPECT_TRUE(client->ended);
  EXPECT_EQ(connections(), 0U);
}

TEST_F(ServerTest, CloseAllEndsEverything) {
  struct Gone final : ClientGoneListener {
    Gate gate;
    void on_client_gone() noexcept override {
      if (gate.waiting) net::Loop::current().resume_later(std::exchange(gate.waiting, {}));
    }
  } gone;
  handler.f = [&gone](Exchange& x) -> net::Task<> {
    if (x.request.path == "/wait") {
      x.watch_client(&gone);
      co_await gone.gate;
      x.drop_connection = true;
    }
    x.respond_owned(200, std::string(16 << 20, 'x'), "text/plain");
  };
  auto idle = connect(), waiting = connect(), sending = connect(), reading = connect(), refused = connect();
  waiting->send("GET /wait HTTP/1.1\r\nHost: h\r\n\r\n");
  sending->stop_reading();
  sending->send(kGet);
  reading->send("GET /");
  refused->send("GARBAGE\r\n\r\n");
  receive_answer(*refused);  // lingers now
  ASSERT_TRUE(turn_until([&] { return bool(gone.gate.waiting); }));
  server->close_all();
  quiesce();
  EXPECT_EQ(connections(), 0U);
  EXPECT_EQ(server->active_exchanges(), 0U);
}

TEST_F(ServerTest, ClientGoneIsTold) {
  struct Gone final : ClientGoneListener {
    int told = 0;
    Gate gate;
    void on_client_gone() noexcept override {
      ++told;
      net::Loop::current().resume_later(std::exchange(gate.waiting, {}));
    }
  } gone;
  handler.f = [&gone](Exchange& x) -> net::Task<> {
    x.watch_client(&gone);
    co_await gone.gate;
    x.drop_connection = true;
  };
  auto client = connect();
  client->send(kGet);
  ASSERT_TRUE(turn_until([&] { return bool(gone.gate.waiting); }));
  client->close();
  ASSERT_TRUE(turn_until([&] { return connections() == 0; }));
  EXPECT_EQ(gone.told, 1);
}

TEST_F(ServerTest, AttachmentHearsOfTheEndOnce) {
  CountingAttachment attachment;
  handler.f = [&attachment](Exchange& x) -> net::Task<> {
    x.attachment = &attachment;
    return say_path(x);
  };
  auto client = connect();
  ask(*client, kGet);
  EXPECT_EQ(attachment.ends, 1);
  EXPECT_EQ(attachment.path, "/a");
}

TEST_F(ServerTest, Interim) {
  handler.f = [](Exchange& x) -> net::Task<> {
    ResponseHead hints;
    hints.status = 103;
    hints.headers.append("Link", "</a.css>");
    co_await x.send_interim(hints);
    hints.status = 100;  // nobody waits for it
    co_await x.send_interim(hints);
    x.respond(200, "x");
  };
  auto client = connect();
  client->send(kGet);
  EXPECT_EQ(receive_head(*client), "HTTP/1.1 103 Early Hints\r\nLink: </a.css>\r\n\r\n");
  EXPECT_TRUE(receive_answer(*client).starts_with("HTTP/1.1 200 "));
  auto old = connect();
  old->send("GET / HTTP/1.0\r\n\r\n");
  EXPECT_TRUE(receive_head(*old).starts_with("HTTP/1.1 200 "));
}

class UpgradeTest : public ServerTest {
 protected:
  struct EndToEnd final : Tunnel {
    std::unique_ptr<net::TcpStream> stream_;
    net::InBuffer in_;
    net::Stream& stream() override { return *stream_; }
    net::InBuffer& in() override { return in_; }
  };
  UpgradeTest() {
    handler.f = [this](Exchange& x) -> net::Task<> {
      x.attachment = &attachment;
      auto tunnel = std::make_unique<EndToEnd>();
      std::tie(tunnel->stream_, far) = make_pair();
      x.response.status = 101;
      x.response.upgrade = "websocket";
      x.tunnel = std::move(tunnel);
      co_return;
    };
    client = connect();
    client->send("GET /chat HTTP/1.1\r\nHost: h\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n\r\nearly");
    const std::string head = receive_head(*client);
    EXPECT_TRUE(head.starts_with("HTTP/1.1 101 ")) << head;
    EXPECT_NE(head.find("Connection: Upgrade\r\nUpgrade: websocket\r\n"), head.npos);
    EXPECT_EQ(receive_until(*far, "early"), "early");
  }
  CountingAttachment attachment;
  std::unique_ptr<Peer> client, far;
};

TEST_F(UpgradeTest, BytesBothWaysAndHalfClose) {
  const std::string big(2 << 20, 'w');
  client->send(big);
  far->send(big);
  ASSERT_TRUE(turn_until([&] { return far->received.size() == big.size() && client->received.size() == big.size(); }));
  client->half_close();
  ASSERT_TRUE(turn_until([&] { return far->ended; }));
  client->take();
  far->send("last words");
  EXPECT_EQ(receive_until(*client, "words"), "last words");
  EXPECT_EQ(attachment.ends, 0);
  far->half_close();
  ASSERT_TRUE(turn_until([&] { return connections() == 0; }));
  EXPECT_EQ(attachment.ends, 1);
  EXPECT_EQ(attachment.path, "/chat");  // the buffer it was read from has carried other bytes since
}

TEST_F(UpgradeTest, ResetOfOneSideEndsBoth) {
  far->reset();
  ASSERT_TRUE(turn_until([&] { return client->gone() && connections() == 0; }));
}

TEST_F(UpgradeTest, CloseAll) {
  server->close_all();
  ASSERT_TRUE(turn_until([&] { return client->gone() && far->gone() && connections() == 0; }));
}

}  // namespace
}  // namespace fl::http
