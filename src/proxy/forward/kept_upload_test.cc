// Requests with bodies that servers of HTTP/2 refuse unseen.
#include "proxy/forward/kept_upload.h"

#include <fmt/format.h>

#include "proxy/forward/forward_http2_for_test.h"

namespace fl::proxy {
namespace {

constexpr std::string_view kChunked = "POST / HTTP/1.1\r\nHost: h\r\nTransfer-Encoding: chunked\r\n\r\n";

std::string post(std::string_view body) {
  return "POST / HTTP/1.1\r\nHost: h\r\nContent-Length: " + std::to_string(body.size()) + "\r\n\r\n" +
         std::string(body);
}
std::string chunk(std::string_view bytes) { return fmt::format("{:x}\r\n{}\r\n", bytes.size(), bytes); }

class KeptUploads : public ForwardHttp2 {
 protected:
  void refuse() { say(frame(FrameType::rst_stream, 0, 1, number(kRefusedStream, 4))); }
  // Of what the connection carries nothing is served.
  void go_away() { say(frame(FrameType::goaway, 0, 0, number(0, 4) + number(kNoError, 4))); }
  // The next connection has all of the request.
  void expect_again(std::string_view body) {
    accept();
    EXPECT_EQ(received->streams[1].blocks[0][0], std::pair(std::string(":method"), std::string("POST")));
    EXPECT_EQ(received->streams[1].data, body);
    EXPECT_TRUE(received->streams[1].ended);
  }
  void expect_answer(Peer& client) {
    say(answer(1));
    EXPECT_TRUE(receive_until(client, "ok").starts_with("HTTP/1.1 200 OK\r\n"));
  }
  void start_retrying(const fl::testing::Origin& other) {
    auto configuration = all_to({url_of(origin), other.url()});
    configuration.http.middlewares["again@file"].retry = config::dynamic::Retry{.attempts = 3};
    configuration.http.routers["all@file"].middlewares = {"again@file"};
    publish(configuration);
    started = true;
  }
  void expect_502(Peer& client) { EXPECT_TRUE(receive_head(client).starts_with("HTTP/1.1 502 Bad Gateway\r\n")); }
};

TEST_F(KeptUploads, AreSentAgain) {
  const std::string most(KeptUpload::kMostBytes, 'x');
  for (const std::string& body : {std::string("12345"), most})
    for (const bool chunked : {false, true})
      for (const bool goes_away : {false, true}) {
        SCOPED_TRACE(fmt::format("{} bytes, chunked {}, GOAWAY {}", body.size(), chunked, goes_away));
        auto client = ask(chunked ? std::string(kChunked) + chunk(body) + "0\r\n\r\n" : post(body));
        accept();
        EXPECT_EQ(received->streams[1].data, body);
        EXPECT_TRUE(received->streams[1].ended);
        goes_away ? go_away() : refuse();
        expect_again(body);
        expect_answer(*client);
        EXPECT_TRUE(turn_until([&] { return records.size() % 2 == 1; }));
        EXPECT_EQ(records.back().request_bytes, body.size());
        client->send(post("next"));  // the client's connection is none the worse
        settle();
        EXPECT_EQ(received->streams[3].data, "next");
        upstream->close();
        EXPECT_TRUE(turn_until([&] { return records.size() % 2 == 0; }));
      }
}

TEST_F(KeptUploads, AreSentAgainFromManyPieces) {
  auto client = ask(kChunked);
  accept();
  std::string body;
  for (char c = 'a'; c < 'k'; ++c) {
    body.append(1500, c);
    client->send(chunk(std::string(1500, c)));
    settle();
    EXPECT_EQ(received->streams[1].data, body);
  }
  refuse();
  accept();
  EXPECT_EQ(received->streams[1].data, body);
  client->send("0\r\n\r\n");
  settle();
  EXPECT_TRUE(received->streams[1].ended);
  expect_answer(*client);
}

TEST_F(KeptUploads, AreSentOnceWhenTheyAreLonger) {
  const std::string body(KeptUpload::kMostBytes + 1, 'x');
  for (const bool chunked : {false, true}) {
    auto client = ask(chunked ? std::string(kChunked) + chunk(body) + "0\r\n\r\n" : post(body));
    accept();
    EXPECT_EQ(received->streams[1].data, body);
    refuse();
    expect_502(*client);
    upstream->close();
    quiesce();
  }
}

// However long: nothing of it was read.
TEST_F(KeptUploads, AreSentAgainWhenTheyHaveNotBegun) {
  const std::string body(50'000, 'x');
  auto client = ask("POST / HTTP/1.1\r\nHost: h\r\nContent-Length: 50000\r\nExpect: 100-continue\r\n\r\n");
  accept();
  refuse();
  accept();
  EXPECT_EQ(received->field(1, "expect"), "100-continue");
  say(head(1, {{":status", "100"}}));
  EXPECT_EQ(receive_head(*client), "HTTP/1.1 100 Continue\r\n\r\n");
  client->send(body);
  settle();
  EXPECT_EQ(received->streams[1].data, body);
  expect_answer(*client);
}

TEST_F(KeptUploads, OfAClientThatWasToldToContinue) {
  auto client = ask("POST / HTTP/1.1\r\nHost: h\r\nContent-Length: 4\r\nExpect: 100-continue\r\n\r\n");
  accept();
  say(head(1, {{":status", "100"}}));
  EXPECT_EQ(receive_head(*client), "HTTP/1.1 100 Continue\r\n\r\n");
  client->send("body");
  settle();
  EXPECT_EQ(received->streams[1].data, "body");
  refuse();
  accept();
  say(head(1, {{":status", "100"}}));
  EXPECT_EQ(received->streams[1].data, "body");
  say(answer(1));
  EXPECT_TRUE(receive_head(*client).starts_with("HTTP/1.1 200 OK\r\n"));  // and no other 100
}

// From a client of HTTP/2, for those of HTTP/1 stay behind.
TEST_F(KeptUploads, WithTheirTrailers) {
  auto client = ask(std::string(kTestPreface) + frame(FrameType::settings, 0, 0, "") + head(1, request_fields("POST")) +
                    frame(FrameType::data, 0, 1, "one"));
  accept();
  EXPECT_EQ(received->streams[1].data, "one");
  refuse();
  accept();
  EXPECT_EQ(received->streams[1].data, "one");
  client->send(frame(FrameType::data, 0, 1, "two") + head(1, {{"x-sum", "1"}}, true));
  settle();
  EXPECT_EQ(received->streams[1].data, "onetwo");
  refuse();
  expect_again("onetwo");
  EXPECT_EQ(received->field(1, "x-sum"), "1");
  say(answer(1));
  ReceivedFrames answered;
  ASSERT_TRUE(turn_until([&] {
    answered.take(client->received);
    return answered.streams[1].ended;
  }));
  EXPECT_EQ(answered.status(1), 200);
}

// As in gRPC's streams: what is there goes at once, and the rest as it comes, answered or not.
TEST_F(KeptUploads, InTurnsWithTheAnswer) {
  auto client = ask(std::string(kChunked) + chunk("one"));
  accept();
  EXPECT_EQ(received->streams[1].data, "one");
  refuse();
  accept();
  EXPECT_EQ(received->streams[1].data, "one");
  client->send(chunk("two"));
  settle();
  EXPECT_EQ(received->streams[1].data, "onetwo");
  say(head(1, {{":status", "200"}}) + frame(FrameType::data, 0, 1, "ONE"));
  receive_until(*client, "ONE");
  client->send(chunk("three"));
  settle();
  EXPECT_EQ(received->streams[1].data, "onetwothree");
  client->send(chunk(std::string(20'000, 'x')) + "0\r\n\r\n");
  settle();
  EXPECT_EQ(received->streams[1].data.size(), 20'011U);
  EXPECT_TRUE(received->streams[1].ended);
  say(frame(FrameType::data, kEndStream, 1, "END"));
  receive_until(*client, "END\r\n0\r\n\r\n");
}

TEST_F(KeptUploads, WhichGoOnBetweenTheConnections) {
  auto client = ask(std::string(kChunked) + chunk("one"));
  accept();
  upstream->send(frame(FrameType::rst_stream, 0, 1, number(kRefusedStream, 4)));
  client->send(chunk("two"));
  ASSERT_TRUE(turn_until([&] { return origin.has_connection(); }));
  client->send("0\r\n\r\n");
  expect_again("onetwo");
  expect_answer(*client);
}

// An answer that comes while the client still sends ends with the exchange what waits for the client.
TEST_F(KeptUploads, AnsweredBeforeTheirEnd) {
  auto client = ask(std::string(kChunked) + chunk("one"));
  accept();
  refuse();
  accept();
  say(answer(1));
  receive_until(*client, "ok");
  EXPECT_TRUE(ended_as(200));
}

TEST_F(KeptUploads, OfClientsThatGo) {
  for (const bool whole : {true, false}) {
    auto client = ask(whole ? post("12345") : std::string(kChunked) + chunk("12345"));
    accept();
    EXPECT_EQ(received->streams[1].data, "12345");
    records.clear();
    upstream->send(frame(FrameType::rst_stream, 0, 1, number(kRefusedStream, 4)));
    client->close();
    EXPECT_TRUE(ended_as(499));
    upstream->close();
    quiesce();
    while (origin.has_connection()) origin.take_connection();
    quiesce();
  }
}

TEST_F(KeptUploads, OfMalformedBodies) {
  auto client = ask(std::string(kChunked) + chunk("one"));
  accept();
  refuse();
  accept();
  client->send("nonsense\r\n");
  EXPECT_TRUE(receive_head(*client).starts_with("HTTP/1.1 400 Bad Request\r\n"));
}

TEST_F(KeptUploads, WithNoOtherServer) {
  for (const bool whole : {true, false}) {
    auto client = ask(whole ? post("12345") : std::string(kChunked) + chunk("12345"));
    if (whole) accept();
    settle();
    origin.stop_listening();
    whole ? refuse() : say(frame(FrameType::rst_stream, 0, 3, number(kRefusedStream, 4)));
    expect_502(*client);
    if (!whole) EXPECT_TRUE(turn_until([&] { return client->gone(); }));
  }
}

// One server is drained and gone; the retry middleware asks another one, with all of the body or not at all.
TEST_F(KeptUploads, ByRetriesWithAnotherServer) {
  fl::testing::Origin other{loop};
  start_retrying(other);
  auto client = ask(post("12345"));
  accept();
  EXPECT_EQ(received->streams[1].data, "12345");
  origin.stop_listening();
  refuse();
  auto server = accept_at(other);
  receive_until(*server, "12345");
  server->send("HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok");
  EXPECT_TRUE(receive_until(*client, "ok").starts_with("HTTP/1.1 200 OK\r\n"));
}

TEST_F(KeptUploads, ByNoRetriesWhileTheClientSends) {
  fl::testing::Origin other{loop};
  start_retrying(other);
  auto client = ask(std::string(kChunked) + chunk("12345"));
  accept();
  EXPECT_EQ(received->streams[1].data, "12345");
  origin.stop_listening();
  refuse();
  expect_502(*client);
  EXPECT_EQ(other.accepted, 0);
}

// What a middleware puts in the place of an answer ends the upload that it had not waited for.
TEST_F(KeptUploads, AnsweredBeforeTheirEndByAMiddleware) {
  auto configuration = all_to({url_of(origin)});
  configuration.http.middlewares["errors@file"].errors =
      config::dynamic::Errors{.status = {"503"}, .service = "app@file", .query = "/page"};
  configuration.http.routers["all@file"].middlewares = {"errors@file"};
  publish(configuration);
  started = true;
  auto client = ask(std::string(kChunked) + chunk("one"));
  accept();
  refuse();
  accept();
  EXPECT_EQ(received->streams[1].data, "one");
  say(head(1, {{":status", "503"}}, true));
  EXPECT_EQ(received->field(3, ":path"), "/page");
  say(answer(3, "page"));
  EXPECT_TRUE(receive_until(*client, "page").starts_with("HTTP/1.1 503 "));
  EXPECT_TRUE(ended_as(503));
  client->send(chunk("two") + "0\r\n\r\n" + post("next"));
  receive_to_end(*client);  // nobody knows where its next request would begin
}

TEST_F(KeptUploads, WithMirrors) {
  fl::testing::Origin mirror{loop};
  auto configuration = all_to({url_of(origin)});
  configuration.http.services["mirror@file"].load_balancer =
      config::dynamic::LoadBalancer{.servers = {{.url = mirror.url()}}};
  configuration.http.services["both@file"].mirroring =
      config::dynamic::Mirroring{.service = "app@file", .mirrors = {{.name = "mirror@file", .percent = 100}}};
  configuration.http.routers["all@file"].service = "both@file";
  publish(configuration);
  started = true;
  auto client = ask(post("12345"));
  accept();
  refuse();
  expect_again("12345");
  expect_answer(*client);
  auto copy = accept_at(mirror);
  receive_until(*copy, "12345");
}

// The connection has no room for a request, and ends before it has.
TEST_F(KeptUploads, ThatNeverLeft) {
  constexpr size_t kMore = 16 << 20;  // than sockets hold
  auto slow = ask("POST / HTTP/1.1\r\nHost: h\r\nContent-Length: 16777216\r\n\r\n");
  accept(setting(4, kMore));
  say(frame(FrameType::window_update, 0, 0, number(kMore, 4)));
  upstream->stop_reading();
  slow->send(std::string(kMore, 'x'));
  for (int i = 0; i < 20; ++i) quiesce();
  EXPECT_FALSE(slow->has_sent_all());
  auto client = ask(post("12345"));
  settle();
  upstream->reset();
  expect_again("12345");
  expect_answer(*client);
}

// Connections that others have drained are not the last word.
TEST_F(KeptUploads, RefusedTwice) {
  auto client = ask(post("12345"));
  accept();
  go_away();
  accept();
  go_away();
  expect_again("12345");
  expect_answer(*client);
  EXPECT_EQ(origin.accepted, 3);
}

TEST_F(KeptUploads, RefusedThrice) {
  auto client = ask(post("12345"));
  for (int i = 0; i < 3; ++i) {
    accept();
    refuse();
  }
  expect_502(*client);
  EXPECT_EQ(origin.accepted, 3);
}

// A server that takes one request a connection: those that are refused twice go alone.
TEST_F(KeptUploads, RefusedWithOthers) {
  std::vector<std::unique_ptr<Peer>> clients;
  for (int i = 0; i < 5; ++i) clients.push_back(ask(post("12345")));
  std::vector<std::unique_ptr<Peer>> connections;
  const auto serve_one = [&] {
    accept();
    EXPECT_EQ(received->streams[1].data, "12345");
    say(answer(1) + frame(FrameType::goaway, 0, 0, number(1, 4) + number(kNoError, 4)));
    connections.push_back(std::move(upstream));
  };
  for (int i = 0; i < 5; ++i) serve_one();
  for (auto& client : clients) receive_until(*client, "ok");
  EXPECT_EQ(origin.accepted, 5);
}

// All together they take no more memory than they are given, and give it back.
TEST_F(KeptUploads, AreCounted) {
  constexpr uint64_t kAll = 16 << 20;
  ASSERT_TRUE(worker.keep_upload(kAll));
  auto client = ask(post("12345"));
  accept();
  refuse();
  expect_502(*client);
  worker.forget_uploads(kAll);
  client = ask(post("12345"));
  settle();
  say(frame(FrameType::rst_stream, 0, 3, number(kRefusedStream, 4)));
  accept();
  EXPECT_FALSE(worker.keep_upload(kAll));
  expect_answer(*client);
  EXPECT_TRUE(worker.keep_upload(kAll));
  worker.forget_uploads(kAll);

  client = ask("POST / HTTP/1.1\r\nHost: h\r\nContent-Length: 16385\r\n\r\n12345");  // known to be too long
  settle();
  EXPECT_EQ(received->streams[3].data, "12345");
  EXPECT_TRUE(worker.keep_upload(kAll));
  worker.forget_uploads(kAll);
}

}  // namespace
}  // namespace fl::proxy
