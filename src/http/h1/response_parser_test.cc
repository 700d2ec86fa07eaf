// Responses: what is accepted, how it is understood, what is refused. Run as the requests' table is.
#include <gtest/gtest.h>

#include "http/h1/feed_for_test.h"

namespace fl::http::h1 {
namespace {

using namespace std::string_literals;

std::string response(std::string_view bytes, const HeadLimits& limits = {}) {
  return verdict<ResponseParser, ResponseHead>(bytes, limits);
}

std::string refused(ParseError error) { return "failed: " + std::string(describe(error)); }

TEST(ResponseParser, Understands) {
  const std::pair<std::string, std::string> cases[] = {
      {"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok", "200 'OK' 1.1 length 2 keep|Content-Length: 2 + 2 bytes"},
      {"HTTP/1.1 200\r\n\r\n", "200 '' 1.1 until_close close"},
      {"HTTP/1.1 200 \r\n\r\n", "200 '' 1.1 until_close close"},
      {"HTTP/1.1 200  a\tb\xe9 \r\n\r\n", "200 ' a\tb\xe9 ' 1.1 until_close close"},
      {"HTTP/1.0 200 OK\r\n\r\n", "200 'OK' 1.0 until_close close"},
      {"HTTP/1.0 200 OK\r\nConnection: keep-alive\r\nContent-Length: 0\r\n\r\n",
       "200 'OK' 1.0 length 0 keep|Connection: keep-alive|Content-Length: 0"},
      {"HTTP/1.0 200 OK\r\nConnection: keep-alive\r\n\r\n", "200 'OK' 1.0 until_close close|Connection: keep-alive"},
      {"HTTP/1.1 200 OK\r\ntransfer-encoding: Chunked\r\n\r\n", "200 'OK' 1.1 chunked keep|transfer-encoding: Chunked"},
      {"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\nConnection: close\r\n\r\n",
       "200 'OK' 1.1 chunked close|Transfer-Encoding: chunked|Connection: close"},
      // No body, whatever the fields say.
      {"HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1", "100 'Continue' 1.1 none keep + 8 bytes"},
      {"HTTP/1.1 103 Early Hints\r\nTransfer-Encoding: chunked\r\n\r\n",
       "103 'Early Hints' 1.1 none keep|Transfer-Encoding: chunked"},
      {"HTTP/1.1 204 No Content\r\nContent-Length: 4\r\n\r\n",
       "204 'No Content' 1.1 none told 4 keep|Content-Length: 4"},
      {"HTTP/1.1 304 Not Modified\r\nContent-Length: 4\r\n\r\n",
       "304 'Not Modified' 1.1 none told 4 keep|Content-Length: 4"},
      {"HTTP/1.1 205 x\r\n\r\n", "205 'x' 1.1 until_close close"},
      {"HTTP/1.1 101 Switching Protocols\r\nConnection: upgrade\r\nUpgrade: websocket\r\n\r\n\x81\x00"s,
       "101 'Switching Protocols' 1.1 none keep upgrade=websocket|Connection: upgrade|Upgrade: websocket + 2 bytes"},
      {"HTTP/1.1 101 x\r\nUpgrade: websocket\r\n\r\n", "101 'x' 1.1 none keep|Upgrade: websocket"},
      // Fields that mean something in requests only.
      {"HTTP/1.1 304 x\r\nHost: a b\r\nHost: c\r\nExpect: wonders\r\n\r\n",
       "304 'x' 1.1 none keep|Host: a b|Host: c|Expect: wonders"},
      {"HTTP/1.1 599 x\r\n\r\n", "599 'x' 1.1 until_close close"},
  };
  for (const auto& [bytes, head] : cases) EXPECT_EQ(response(bytes), head) << bytes;
}

TEST(ResponseParser, WaitsForTheEnd) {
  const std::string whole = "HTTP/1.1 200 OK\r\nX: y\r\n\r\n";
  for (size_t n = 0; n < whole.size(); ++n) EXPECT_EQ(response(whole.substr(0, n)), "incomplete") << n;
}

TEST(ResponseParser, Refuses) {
  const std::pair<std::string, ParseError> cases[] = {
      {"\r\n", ParseError::bad_status_line},
      {"200 OK\r\n", ParseError::bad_status_line},
      {"HTTP/1.1\r\n", ParseError::bad_status_line},
      {"HTTP/1.1200 OK\r\n", ParseError::bad_status_line},
      {"HTTP/1.1\t200 OK\r\n", ParseError::bad_status_line},
      {"http/1.1 200 OK\r\n", ParseError::bad_status_line},
      {"ICY 200 OK\r\n", ParseError::bad_status_line},
      {"HTTP/1.10 200 OK\r\n", ParseError::bad_status_line},
      {" HTTP/1.1 200 OK\r\n", ParseError::bad_status_line},
      {"HTTP/1.1 200 O\0K\r\n"s, ParseError::bad_status_line},
      {"HTTP/1.1 200 O\rK\r\n", ParseError::bad_status_line},
      {"HTTP/1.1 200 OK\n", ParseError::bare_line_feed},
      {"HTTP/9.9 200 OK\r\n", ParseError::unsupported_version},
      {"HTTP/2.0 200 OK\r\n", ParseError::unsupported_version},
      {"HTTP/1.2 200 OK\r\n", ParseError::unsupported_version},
      {"HTTP/1.1 20 OK\r\n", ParseError::bad_status},
      {"HTTP/1.1 2000 OK\r\n", ParseError::bad_status},
      {"HTTP/1.1 099 OK\r\n", ParseError::bad_status},
      {"HTTP/1.1 600 OK\r\n", ParseError::bad_status},
      {"HTTP/1.1 000 OK\r\n", ParseError::bad_status},
      {"HTTP/1.1 +20 OK\r\n", ParseError::bad_status},
      {"HTTP/1.1 2x0 OK\r\n", ParseError::bad_status},
      {"HTTP/1.1 200OK\r\n", ParseError::bad_status},
      {"HTTP/1.1 200\tOK\r\n", ParseError::bad_status},
      {"HTTP/1.1  200 OK\r\n", ParseError::bad_status},
      {"HTTP/1.1 \r\n", ParseError::bad_status},
      {"HTTP/1.1 200 OK\r\nX-A: a\0b\r\n"s, ParseError::bad_field_value},
      {"HTTP/1.1 200 OK\r\nX-A: a\rSet-Cookie: evil=1\r\n", ParseError::bad_field_value},
      {"HTTP/1.1 200 OK\r\nbogus\r\n", ParseError::bad_field_name},
      {"HTTP/1.1 200 OK\r\nX-A : a\r\n", ParseError::bad_field_name},
      {"HTTP/1.1 200 OK\r\nX-A: a\r\n b\r\n", ParseError::folded_field},
      {"HTTP/1.1 200 OK\r\n b: c\r\n", ParseError::folded_field},
      {"HTTP/1.1 200 OK\r\nX-A: a\n", ParseError::bare_line_feed},
      {"HTTP/1.1 200 OK\r\nContent-Length: -2\r\n", ParseError::bad_content_length},
      {"HTTP/1.1 200 OK\r\nContent-Length: 2, 3\r\n", ParseError::bad_content_length},
      {"HTTP/1.1 200 OK\r\nContent-Length: 2\r\nContent-Length: 3\r\n", ParseError::conflicting_framing},
      {"HTTP/1.1 200 OK\r\nContent-Length: 2\r\nTransfer-Encoding: chunked\r\n", ParseError::conflicting_framing},
      {"HTTP/1.0 200 OK\r\nTransfer-Encoding: chunked\r\n", ParseError::conflicting_framing},
      {"HTTP/1.1 200 OK\r\nTransfer-Encoding: cow\r\n", ParseError::unknown_transfer_coding},
      {"HTTP/1.1 200 OK\r\nTransfer-Encoding: gzip, chunked\r\n", ParseError::unknown_transfer_coding},
  };
  for (const auto& [bytes, error] : cases) EXPECT_EQ(response(bytes), refused(error)) << bytes;
}

TEST(ResponseParser, Limits) {
  const std::string head = "HTTP/1.1 200 OK\r\nX: y\r\n\r\n";
  const auto size = static_cast<uint32_t>(head.size());
  EXPECT_EQ(response(head, {.max_head_bytes = size, .max_target_bytes = 1}), "200 'OK' 1.1 until_close close|X: y");
  for (uint32_t limit = 1; limit < size; ++limit)
    EXPECT_EQ(response(head, {.max_head_bytes = limit}), refused(ParseError::head_too_large)) << limit;
  EXPECT_EQ(response(head, {.max_fields = 0}), refused(ParseError::too_many_fields));
}

}  // namespace
}  // namespace fl::http::h1
