#include "proxy/service/grpc_health_check.h"

#include <gtest/gtest.h>

#include <csignal>
#include <optional>

#include "http/testing/http2_frames.h"
#include "support/loop_fixture.h"

namespace fl::proxy {
namespace {

using namespace http::testing;

const std::string kServing("\0\0\0\0\2\x08\1", 7);

TEST(HealthResponse, WhatItSays) {
  const auto said = [](std::string_view message) {
    const auto judged = judge_health_response(message);
    return judged ? "well" : judged.error().message;
  };
  using namespace std::string_view_literals;
  EXPECT_EQ(said(kServing), "well");
  EXPECT_EQ(said("\0\0\0\0\x05\x12\1x\x08\1"sv), "well") << "an unknown text before it";
  EXPECT_EQ(said("\0\0\0\0\0"sv), "received gRPC status code: UNKNOWN");
  EXPECT_EQ(said("\0\0\0\0\2\x08\2"sv), "received gRPC status code: NOT_SERVING");
  EXPECT_EQ(said("\0\0\0\0\2\x08\3"sv), "received gRPC status code: SERVICE_UNKNOWN");
  for (const auto broken :
       {""sv, "\0\0\0\0"sv, "\1\0\0\0\2\x08\1"sv, "\0\0\0\0\3\x08\1"sv, "\0\0\0\0\1\x08"sv, "\0\0\0\0\2\x08\x80"sv,
        "\0\0\0\0\2\x08\x07"sv, "\0\0\0\0\2\x12\x09"sv, "\0\0\0\0\2\x0d\1"sv})
    EXPECT_EQ(said(broken), "gRPC health check failed: the answer is no HealthCheckResponse");
}

class GrpcHealthCheckTest : public testing::LoopFixture {
 protected:
  GrpcHealthCheckTest() { std::signal(SIGPIPE, SIG_IGN); }

  void start(config::dynamic::ServerHealthCheck options = {}) {
    const auto check = GrpcHealthCheck::make(
        "app@file", {{"h2c://127.0.0.1:" + std::to_string(origin.port()), nullptr}}, options, &resolver, nullptr);
    ASSERT_TRUE(check) << check.error().message;
    scope.spawn([](std::shared_ptr<const GrpcHealthCheck> c, net::StopToken s,
                   std::optional<Result<>>& out) -> net::Task<> { out = co_await c->probe(0, s); }(*check, stop, said));
  }
  // The server's end of the connection, once it has the whole call.
  void accept() {
    server = accept_at(origin);
    received.emplace();
    server->send(frame(FrameType::settings, 0, 0, "") + frame(FrameType::settings, kAck, 0, ""));
    ASSERT_TRUE(turn_until([&] { return server->received.size() >= kTestPreface.size(); }));
    server->received.erase(0, kTestPreface.size());
    ASSERT_TRUE(turn_until([&] {
      received->take(server->received);
      return received->streams[1].ended;
    }));
  }
  void answer(const TestFields& head, const std::string& message, const TestFields& trailers) {
    const bool only_head = trailers.empty() && message.empty();
    server->send(frame(FrameType::headers, kEndHeaders | (only_head ? kEndStream : 0), 1, hpack(head)));
    if (!only_head) server->send(frame(FrameType::data, trailers.empty() ? kEndStream : 0, 1, message));
    if (!trailers.empty()) server->send(frame(FrameType::headers, kEndHeaders | kEndStream, 1, hpack(trailers)));
  }
  std::string outcome() {
    EXPECT_TRUE(turn_until([&] { return scope.idle(); }));
    server.reset();
    quiesce();
    const auto result = std::exchange(said, std::nullopt);
    return !result ? "?" : *result ? "well" : result->error().message;
  }

  testing::Origin origin{loop};
  net::Resolver resolver{loop};
  net::StopSource stop;
  net::TaskScope scope;
  std::optional<Result<>> said;
  std::unique_ptr<testing::Peer> server;
  std::optional<ReceivedFrames> received;  // on the newest connection
};

TEST_F(GrpcHealthCheckTest, CallsCheckForTheWholeServer) {
  start({.hostname = "app.test"});
  accept();
  EXPECT_EQ(received->streams[1].blocks.at(0), (TestFields{{":method", "POST"},
                                                           {":scheme", "http"},
                                                           {":authority", "app.test"},
                                                           {":path", "/grpc.health.v1.Health/Check"},
                                                           {"content-type", "application/grpc"},
                                                           {"te", "trailers"},
                                                           {"content-length", "5"}}));
  EXPECT_EQ(received->streams[1].data, std::string(5, '\0'));
  answer({{":status", "200"}}, kServing, {{"grpc-status", "0"}});
  EXPECT_EQ(outcome(), "well");
}

TEST_F(GrpcHealthCheckTest, WhatIsNotWell) {
  const struct {
    TestFields head;
    std::string message;
    TestFields trailers;
    std::string said;
  } cases[] = {
      {{{":status", "200"}}, kServing, {{"grpc-status", "13"}}, "gRPC health check failed: grpc-status 13"},
      {{{":status", "200"}}, kServing, {{"x", "y"}}, "gRPC health check failed: the answer has no grpc-status"},
      {{{":status", "200"}}, kServing, {}, "gRPC health check failed: the answer has no grpc-status"},
      {{{":status", "200"}, {"grpc-status", "12"}}, "", {}, "gRPC server does not implement the health protocol"},
      {{{":status", "503"}}, "", {}, "gRPC health check failed: HTTP status 503"},
      {{{":status", "200"}}, std::string(5000, 'x'), {}, "gRPC health check failed: the connection was lost"},
  };
  for (const auto& c : cases) {
    start();
    accept();
    answer(c.head, c.message, c.trailers);
    EXPECT_EQ(outcome(), c.said);
  }
}

TEST_F(GrpcHealthCheckTest, WaitsNoLongerThanItsTimeout) {
  start({.timeout = 3s});
  accept();
  pass(2s);
  EXPECT_FALSE(said);
  pass(1s);
  EXPECT_EQ(outcome(), "gRPC health check timeout");
}

TEST_F(GrpcHealthCheckTest, EndsWithItsService) {
  start();
  accept();
  stop.request_stop();
  EXPECT_NE(outcome(), "well");
}

TEST_F(GrpcHealthCheckTest, AServerThatEndsOrSpeaksSomethingElse) {
  start();
  accept();
  server->close();
  EXPECT_EQ(outcome(), "gRPC health check failed: the connection was lost");
  start();
  server = accept_at(origin);
  server->send("HTTP/1.1 400 Bad Request\r\n\r\n");
  EXPECT_EQ(outcome(), "gRPC health check failed: the connection was lost");
}

TEST_F(GrpcHealthCheckTest, RefusesWhatCannotBe) {
  const auto made = [](const std::string& url, config::dynamic::ServerHealthCheck options) {
    const auto check = GrpcHealthCheck::make("s", {{url, nullptr}}, options, nullptr, nullptr);
    return check ? "" : check.error().message;
  };
  EXPECT_EQ(made("http://a", {.port = 70000}), "healthCheck.port 70000: ports are 1 to 65535");
  EXPECT_NE(made("nonsense", {}), "");
}

}  // namespace
}  // namespace fl::proxy
