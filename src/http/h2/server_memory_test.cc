// What clients can make the open streams of a connection hold.
#include <malloc.h>

#include "http/h2/server_for_test.h"

namespace fl::http::h2 {
namespace {

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

}  // namespace
}  // namespace fl::http::h2
