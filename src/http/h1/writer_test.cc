// The normal form, byte for byte, and that the parsers read back what was written.
#include "http/h1/writer.h"

#include <gtest/gtest.h>

#include "http/h1/feed_for_test.h"

namespace fl::http::h1 {
namespace {

std::string written(const RequestHead& head) {
  std::string out(request_head_bound(head), '!');
  out.resize(write_request_head(out.data(), head));
  return out;
}

std::string written(const ResponseHead& head, const ResponseWriteOptions& options = {}) {
  std::string out(response_head_bound(head), '!');
  out.resize(write_response_head(out.data(), head, options));
  return out;
}

std::string request_rewritten(std::string_view bytes) {
  RequestParser parser{HeadLimits{}};
  RequestHead head;
  EXPECT_EQ(parser.parse(bytes, head), Progress::done) << bytes;
  const std::string once = written(head);
  RequestHead again;
  parser.reset();
  EXPECT_EQ(parser.parse(once, again), Progress::done) << once;
  EXPECT_EQ(written(again), once);
  return once;
}

std::string response_rewritten(std::string_view bytes, const ResponseWriteOptions& options = {}) {
  ResponseParser parser{HeadLimits{}};
  ResponseHead head;
  EXPECT_EQ(parser.parse(bytes, head), Progress::done) << bytes;
  const std::string once = written(head, options);
  ResponseHead again;
  parser.reset();
  EXPECT_EQ(parser.parse(once, again), Progress::done) << once;
  return once;
}

TEST(WriteRequestHead, NormalForm) {
  const std::pair<std::string, std::string> cases[] = {
      {"GET / HTTP/1.1\r\nX: y\r\nHost:  a\r\n\r\n", "GET / HTTP/1.1\r\nHost: a\r\nX: y\r\n\r\n"},
      {"\r\nGET http://a:80?q HTTP/1.1\r\nhost:A:80\r\n\r\n", "GET /?q HTTP/1.1\r\nHost: a:80\r\n\r\n"},
      {"GET /a? HTTP/1.0\r\nHost: a\r\n\r\n", "GET /a? HTTP/1.1\r\nHost: a\r\n\r\n"},
      {"OPTIONS * HTTP/1.1\r\nHost: a\r\n\r\n", "OPTIONS * HTTP/1.1\r\nHost: a\r\n\r\n"},
      {"POST / HTTP/1.1\r\ncontent-length: 0005\r\nHost: a\r\nB:c\r\n\r\n",
       "POST / HTTP/1.1\r\nHost: a\r\nB: c\r\nContent-Length: 5\r\n\r\n"},
      {"POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding:CHUNKED\r\nTrailer: X\r\nexpect: 100-CONTINUE\r\n\r\n",
       "POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\nExpect: 100-continue\r\n\r\n"},
      {"GET / HTTP/1.1\r\nHost: a\r\nConnection: close, Upgrade\r\nUpgrade: websocket\r\nKeep-Alive: 5\r\n"
       "Proxy-Connection: x\r\nTE: trailers\r\nSec-WebSocket-Key: k\r\n\r\n",
       "GET / HTTP/1.1\r\nHost: a\r\nSec-WebSocket-Key: k\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n\r\n"},
      {"GET / HTTP/1.1\r\nHost: a\r\nUpgrade: h2c\r\n\r\n", "GET / HTTP/1.1\r\nHost: a\r\n\r\n"},
      {"GET / HTTP/1.1\r\nHost: a\r\nConnection: TE\r\nTE: gzip;q=1, Trailers\r\n\r\n",
       "GET / HTTP/1.1\r\nHost: a\r\nTE: trailers\r\nConnection: TE\r\n\r\n"},
      {"GET / HTTP/1.1\r\nHost: a\r\nTE: gzip\r\n\r\n", "GET / HTTP/1.1\r\nHost: a\r\n\r\n"},
  };
  for (const auto& [in, out] : cases) EXPECT_EQ(request_rewritten(in), out) << in;
}

// A head as the HTTP/2 side makes it: no Host field, lower-case names.
TEST(WriteRequestHead, FromAnotherVersion) {
  RequestHead head{.method = "PUT",
                   .authority = "b.test",
                   .path = "/x",
                   .query = "q",
                   .has_query = true,
                   .version = Version::http2,
                   .framing = Framing::length,
                   .content_length = UINT64_MAX};
  head.headers.append("user-agent", "t");
  head.headers.append("cookie", "a=b");
  EXPECT_EQ(written(head),
            "PUT /x?q HTTP/1.1\r\nHost: b.test\r\nuser-agent: t\r\ncookie: a=b\r\n"
            "Content-Length: 18446744073709551615\r\n\r\n");
}

// RFC 9112 3.2: a request without authority has an empty Host.
TEST(WriteRequestHead, WithoutHost) {
  EXPECT_EQ(written(RequestHead{.method = "GET", .path = "/"}), "GET / HTTP/1.1\r\nHost: \r\n\r\n");
}

// RFC 9112 3.2.1: an empty path is sent as "/".
TEST(WriteRequestHead, EmptyPath) {
  EXPECT_EQ(written(RequestHead{.method = "GET", .authority = "a", .path = "", .query = "q", .has_query = true}),
            "GET /?q HTTP/1.1\r\nHost: a\r\n\r\n");
}

TEST(WriteResponseHead, NormalForm) {
  struct Case {
    std::string in, out;
    ResponseWriteOptions options = {};
  };
  const Case cases[] = {
      {"HTTP/1.1 200 Fine\r\nContent-Length:2\r\nServer: x\r\nKeep-Alive: 5\r\nConnection: x\r\n\r\n",
       "HTTP/1.1 200 Fine\r\nServer: x\r\nContent-Length: 2\r\n\r\n"},
      {"HTTP/1.1 200\r\nTrailer: a\r\nTransfer-Encoding: Chunked\r\nTrailer: b, c\r\n\r\n",
       "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\nTrailer: a\r\nTrailer: b, c\r\n\r\n"},
      {"HTTP/1.1 200\r\nContent-Length: 2\r\nTrailer: a\r\n\r\n", "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\n"},
      {"HTTP/1.1 200\r\nTransfer-Encoding: Chunked\r\nTrailer: a\r\n\r\n",
       "HTTP/1.1 200 OK\r\nConnection: close\r\n\r\n",
       {.keep_alive = false, .to_http10 = true}},
      {"HTTP/1.0 299\r\n\r\n", "HTTP/1.1 299 \r\nConnection: close\r\n\r\n", {.keep_alive = false}},
      // To HTTP/1.0.
      {"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n",
       "HTTP/1.1 200 OK\r\nConnection: close\r\n\r\n",
       {.keep_alive = false, .to_http10 = true}},
      {"HTTP/1.1 200 OK\r\nContent-Length: 1\r\n\r\n",
       "HTTP/1.1 200 OK\r\nContent-Length: 1\r\nConnection: keep-alive\r\n\r\n",
       {.to_http10 = true}},
      // Without body.
      {"HTTP/1.1 200 OK\r\nContent-Length: 7\r\n\r\n",
       "HTTP/1.1 200 OK\r\nContent-Length: 7\r\n\r\n",
       {.body_allowed = false}},
      {"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n", "HTTP/1.1 200 OK\r\n\r\n", {.body_allowed = false}},
      {"HTTP/1.1 200 OK\r\n\r\n", "HTTP/1.1 200 OK\r\n\r\n", {.body_allowed = false}},
      {"HTTP/1.1 304 Not Modified\r\nContent-Length: 7\r\n\r\n",
       "HTTP/1.1 304 Not Modified\r\nContent-Length: 7\r\n\r\n",
       {.body_allowed = false}},
      {"HTTP/1.1 304 Not Modified\r\n\r\n", "HTTP/1.1 304 Not Modified\r\n\r\n"},
      {"HTTP/1.1 204 No Content\r\nContent-Length: 0\r\n\r\n", "HTTP/1.1 204 No Content\r\n\r\n"},
      {"HTTP/1.1 103 Early Hints\r\nContent-Length: 0\r\nLink: </a>\r\n\r\n",
       "HTTP/1.1 103 Early Hints\r\nLink: </a>\r\n\r\n",
       {.keep_alive = false}},
      // Upgrade.
      {"HTTP/1.1 101 Switching Protocols\r\nConnection: upgrade\r\nUpgrade: websocket\r\n\r\n",
       "HTTP/1.1 101 Switching Protocols\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n\r\n",
       {.keep_alive = false}},
  };
  for (const Case& c : cases) EXPECT_EQ(response_rewritten(c.in, c.options), c.out) << c.in;
}

TEST(WriteResponseHead, EmptyBodySaysSo) {
  EXPECT_EQ(written(ResponseHead{.status = 404}), "HTTP/1.1 404 Not Found\r\nContent-Length: 0\r\n\r\n");
}

#ifndef NDEBUG
TEST(WriterDeathTest, NeverSplitsALine) {
  RequestHead head{.method = "GET", .authority = "a", .path = "/"};
  head.headers.append("X", "a\r\nY: b");
  EXPECT_DEATH(written(head), "is_one_line");
  EXPECT_DEATH(written(RequestHead{.method = "GET", .authority = "a", .path = "/\n"}), "is_one_line");
}
#endif

}  // namespace
}  // namespace fl::http::h1
