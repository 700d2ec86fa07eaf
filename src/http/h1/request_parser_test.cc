// Requests against the table of what is accepted, how it is understood, and what is refused for which reason. Every
// row is run at once, byte by byte and in random pieces, with the buffer moved between calls (feed_for_test.h).
#include <gtest/gtest.h>

#include "http/h1/feed_for_test.h"

namespace fl::http::h1 {
namespace {

using namespace std::string_literals;

std::string request(std::string_view bytes, const HeadLimits& limits = {}) {
  return verdict<RequestParser, RequestHead>(bytes, limits);
}

std::string refused(ParseError error) { return "failed: " + std::string(describe(error)); }

struct Accepted {
  std::string bytes;
  std::string head;
};

TEST(RequestParser, Understands) {
  const Accepted cases[] = {
      {"GET / HTTP/1.1\r\nHost: a\r\n\r\n", "GET a / 1.1 none keep|Host: a"},
      {"GET /x?y=z HTTP/1.1\r\nhOST:a:80\r\n\r\nbody", "GET a:80 /x?y=z 1.1 none keep|hOST: a:80 + 4 bytes"},
      {"GET /? HTTP/1.1\r\nHost: a\r\n\r\n", "GET a /? 1.1 none keep|Host: a"},
      {"GET /a?b?c HTTP/1.1\r\nHost: a\r\n\r\n", "GET a /a?b?c 1.1 none keep|Host: a"},
      {"\r\nGET / HTTP/1.1\r\nHost: a\r\n\r\n", "GET a / 1.1 none keep|Host: a"},
      {"get / HTTP/1.1\r\nHost: a\r\n\r\n", "get a / 1.1 none keep|Host: a"},
      {"!#$%&'*+-.^_`|~ / HTTP/1.1\r\nHost: a\r\n\r\n", "!#$%&'*+-.^_`|~ a / 1.1 none keep|Host: a"},
      // Fields.
      {"GET / HTTP/1.1\r\nHost: a\r\nX-A:v\r\nX-B: \t v \t \r\nX-C:\r\nX-D:  \r\n\r\n",
       "GET a / 1.1 none keep|Host: a|X-A: v|X-B: v|X-C: |X-D: "},
      {"GET / HTTP/1.1\r\nHost: a\r\nX-A: caf\xc3\xa9 \xff\r\nX-B: a\tb:c\r\n\r\n",
       "GET a / 1.1 none keep|Host: a|X-A: caf\xc3\xa9 \xff|X-B: a\tb:c"},
      {"GET / HTTP/1.1\r\nHost: a\r\n!#$%&'*+-.^_`|~09azAZ: 1\r\n\r\n",
       "GET a / 1.1 none keep|Host: a|!#$%&'*+-.^_`|~09azAZ: 1"},
      // Targets.
      {"GET //evil.test/a HTTP/1.1\r\nHost: a\r\n\r\n", "GET a //evil.test/a 1.1 none keep|Host: a"},
      {"GET /%00%aF/[]|:@!$&'()*+,;=~ HTTP/1.1\r\nHost: a\r\n\r\n",
       "GET a /%00%aF/[]|:@!$&'()*+,;=~ 1.1 none keep|Host: a"},
      {"GET /?{a|b}\\^`[] HTTP/1.1\r\nHost: a\r\n\r\n", "GET a /?{a|b}\\^`[] 1.1 none keep|Host: a"},
      {"GET http://A.test:80/x?q HTTP/1.1\r\nHost: a.TEST:80\r\n\r\n",
       "GET http://A.test:80 /x?q 1.1 none keep|Host: A.test:80"},
      {"GET HTTPS://a HTTP/1.1\r\nHost: a\r\n\r\n", "GET HTTPS://a / 1.1 none keep|Host: a"},
      // A query is nobody's path: browsers send what no escape is.
      {"GET /?q=100% HTTP/1.1\r\nHost: a\r\n\r\n", "GET a /?q=100% 1.1 none keep|Host: a"},
      {"GET /?a=%u0041&b=%2 HTTP/1.1\r\nHost: a\r\n\r\n", "GET a /?a=%u0041&b=%2 1.1 none keep|Host: a"},
      {"GET /{a} HTTP/1.1\r\nHost: a\r\n\r\n", "GET a /{a} 1.1 none keep|Host: a"},
      // The target's host is the request's, whatever Host says (RFC 9112 3.2.2).
      {"GET http://a/ HTTP/1.1\r\nHost: b\r\n\r\n", "GET http://a / 1.1 none keep|Host: a"},
      {"GET http://a/ HTTP/1.0\r\nHost:\r\n\r\n", "GET http://a / 1.0 none close|Host: a"},
      {"GET http://a?q HTTP/1.1\r\nHost: a\r\n\r\n", "GET http://a /?q 1.1 none keep|Host: a"},
      {"GET http://a/ HTTP/1.0\r\n\r\n", "GET http://a / 1.0 none close"},
      {"OPTIONS * HTTP/1.1\r\nHost: a\r\n\r\n", "OPTIONS a * 1.1 none keep|Host: a"},
      {"OPTIONS http://a HTTP/1.1\r\nHost: a\r\n\r\n", "OPTIONS http://a * 1.1 none keep|Host: a"},
      {"OPTIONS http://a?q HTTP/1.1\r\nHost: a\r\n\r\n", "OPTIONS http://a /?q 1.1 none keep|Host: a"},
      // HTTP/1.0 may do without Host.
      {"GET / HTTP/1.0\r\n\r\n", "GET  / 1.0 none close"},
      {"GET / HTTP/1.0\r\nHost:\r\n\r\n", "GET  / 1.0 none close|Host: "},
      // Framing.
      {"POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 5\r\n\r\nhello",
       "POST a / 1.1 length 5 keep|Host: a|Content-Length: 5 + 5 bytes"},
      {"POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 0005\r\n\r\n",
       "POST a / 1.1 length 5 keep|Host: a|Content-Length: 0005"},
      {"GET / HTTP/1.1\r\nHost: a\r\ncontent-length: 9223372036854775807\r\n\r\n",
       "GET a / 1.1 length 9223372036854775807 keep|Host: a|content-length: 9223372036854775807"},
      {"POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: CHUNKED \t\r\n\r\n",
       "POST a / 1.1 chunked keep|Host: a|Transfer-Encoding: CHUNKED"},
      {"POST / HTTP/1.0\r\nContent-Length: 5\r\n\r\n", "POST  / 1.0 length 5 close|Content-Length: 5"},
      // Connection, expectation, upgrade.
      {"GET / HTTP/1.1\r\nHost: a\r\nConnection: x, Close\r\n\r\n",
       "GET a / 1.1 none close|Host: a|Connection: x, Close"},
      {"GET / HTTP/1.0\r\nConnection: Keep-Alive\r\n\r\n", "GET  / 1.0 none keep|Connection: Keep-Alive"},
      {"GET / HTTP/1.0\r\nConnection: keep-alive\r\nConnection: close\r\n\r\n",
       "GET  / 1.0 none close|Connection: keep-alive|Connection: close"},
      {"GET / HTTP/1.1\r\nHost: a\r\nProxy-Connection: close\r\n\r\n",
       "GET a / 1.1 none keep|Host: a|Proxy-Connection: close"},
      {"PUT / HTTP/1.1\r\nHost: a\r\nExpect: 100-Continue\r\nContent-Length: 1\r\n\r\n",
       "PUT a / 1.1 length 1 keep continue|Host: a|Expect: 100-Continue|Content-Length: 1"},
      {"PUT / HTTP/1.1\r\nHost: a\r\nExpect: 100-continue\r\nTransfer-Encoding: chunked\r\n\r\n",
       "PUT a / 1.1 chunked keep continue|Host: a|Expect: 100-continue|Transfer-Encoding: chunked"},
      {"PUT / HTTP/1.1\r\nHost: a\r\nExpect: 100-continue\r\nContent-Length: 0\r\n\r\n",
       "PUT a / 1.1 length 0 keep|Host: a|Expect: 100-continue|Content-Length: 0"},
      {"PUT / HTTP/1.0\r\nExpect: more\r\nContent-Length: 1\r\n\r\n",
       "PUT  / 1.0 length 1 close|Expect: more|Content-Length: 1"},
      {"GET / HTTP/1.1\r\nHost: a\r\nConnection: keep-alive, Upgrade\r\nUpgrade: websocket\r\n\r\n",
       "GET a / 1.1 none keep upgrade=websocket|Host: a|Connection: keep-alive, Upgrade|Upgrade: websocket"},
      {"GET / HTTP/1.1\r\nHost: a\r\nUpgrade: websocket\r\n\r\n", "GET a / 1.1 none keep|Host: a|Upgrade: websocket"},
      {"GET / HTTP/1.0\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n\r\n",
       "GET  / 1.0 none close|Connection: Upgrade|Upgrade: websocket"},
      {"GET / HTTP/1.1\r\nHost: a\r\nConnection: Upgrade\r\nUpgrade: h2c\r\nUpgrade: websocket\r\n\r\n",
       "GET a / 1.1 none keep|Host: a|Connection: Upgrade|Upgrade: h2c|Upgrade: websocket"},
  };
  for (const Accepted& c : cases) EXPECT_EQ(request(c.bytes), c.head) << c.bytes;
}

TEST(RequestParser, WaitsForTheEnd) {
  const std::string whole = "\r\nGET /a HTTP/1.1\r\nHost: a\r\nX: y\r\n\r\n";
  for (size_t n = 0; n < whole.size(); ++n) EXPECT_EQ(request(whole.substr(0, n)), "incomplete") << n;
}

TEST(RequestParser, RefusesRequestLines) {
  const std::pair<std::string, ParseError> cases[] = {
      {"GET /\r\n", ParseError::bad_request_line},  // HTTP/0.9
      {"GET\r\n", ParseError::bad_request_line},
      {"\r\n\r\n", ParseError::bad_request_line},
      {"GET\t/\tHTTP/1.1\r\n", ParseError::bad_request_line},
      {"GET /\x01 HTTP/1.1\r\n", ParseError::bad_request_line},
      {"GET /\0 HTTP/1.1\r\n"s, ParseError::bad_request_line},
      {"G\0T / HTTP/1.1\r\n"s, ParseError::bad_request_line},
      {"GET /\x7f HTTP/1.1\r\n", ParseError::bad_request_line},
      {"GET /\rx HTTP/1.1\r\n", ParseError::bad_request_line},
      {"GET / HTTP/1.1\r\r\n", ParseError::bad_request_line},
      {"GET / HTTP/1.1\rHost: a\r\r", ParseError::bad_request_line},
      {"GET / HTTP/1.1\n", ParseError::bare_line_feed},
      {"GET /\nHTTP/1.1\r\n", ParseError::bare_line_feed},
      {"\nGET / HTTP/1.1\r\n", ParseError::bare_line_feed},
      {"\r\n\nGET / HTTP/1.1\r\n", ParseError::bare_line_feed},
      {"\rGET / HTTP/1.1\r\n", ParseError::bad_request_line},
      {"\x16\x03\x01", ParseError::bad_request_line},  // TLS on a plain port

      {" GET / HTTP/1.1\r\n", ParseError::bad_method},
      {"GET: / HTTP/1.1\r\n", ParseError::bad_method},
      {"G(T / HTTP/1.1\r\n", ParseError::bad_method},
      {"G\xc3\x89T / HTTP/1.1\r\n", ParseError::bad_method},
      {"\xef\xbb\xbfGET / HTTP/1.1\r\n", ParseError::bad_method},
      {std::string(65, 'A') + " / HTTP/1.1\r\n", ParseError::bad_method},

      {"GET  / HTTP/1.1\r\n", ParseError::bad_target},
      {"GET / x HTTP/1.1\r\n", ParseError::bad_target},
      {"GET /\tx HTTP/1.1\r\n", ParseError::bad_target},
      {"GET  HTTP/1.1\r\n", ParseError::bad_target},
      {"GET / HTTP/1.1 \r\n", ParseError::bad_version},
      {"GET /  HTTP/1.1\r\n", ParseError::bad_target},

      {"GET / http/1.1\r\n", ParseError::bad_version},
      {"GET / HTTP/1.10\r\n", ParseError::bad_version},
      {"GET / HTTP/1.01\r\n", ParseError::bad_version},
      {"GET / HTTP/1.x\r\n", ParseError::bad_version},
      {"GET / HTTP/x.1\r\n", ParseError::bad_version},
      {"GET / HTTP/-1.1\r\n", ParseError::bad_version},
      {"GET / HTTP/1\r\n", ParseError::bad_version},
      {"GET / HTTP/1,1\r\n", ParseError::bad_version},
      {"GET / HTTP 1.1\r\n", ParseError::bad_version},
      {"GET / XTTP/1.1\r\n", ParseError::bad_version},
      {"PROXY TCP4 6.6.6.6 7.7.7.7 1 2\r\n", ParseError::bad_version},
      {"GET / HTTP/0.9\r\n", ParseError::unsupported_version},
      {"GET / HTTP/1.2\r\n", ParseError::unsupported_version},
      {"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n", ParseError::unsupported_version},

      {"CONNECT a:443 HTTP/1.1\r\n", ParseError::connect_refused},
      {"CONNECT / HTTP/1.0\r\n", ParseError::connect_refused},
  };
  for (const auto& [bytes, error] : cases) EXPECT_EQ(request(bytes), refused(error)) << bytes;
}

TEST(RequestParser, RefusesTargets) {
  for (const char* target :
       {"!", "*", "a", "a:443", "?x", "www.a.test/", "*/", "%2f",
        // absolute-form
        "file:///etc/passwd", "ftp://a/", "http:/a", "http:///a", "http://", "://a/", "http://a b/", "http://u@a/",
        "http://u:p@a/", "http://a:x/", "http://a:65536/", "http://[::1/", "http:///", "http://a#f", "http://a\\b/",
        "http://a%2eb/", "http://a,b/", "http://?q", "ws://a/",
        // bytes
        "/#", "/a#b", "/?#", "/a\"", "/<", "/>", "/\\", "/^", "/`", "/\x80", "/caf\xc3\xa9", "/?\"", "/?<", "/?>",
        "/?\xff", "http://a/#",
        // escapes
        "/%", "/%4", "/%zz", "/%4g", "/%g4", "/%-1", "/% 1"}) {
    const std::string bytes = "GET " + std::string(target) + " HTTP/1.1\r\n";
    EXPECT_EQ(request(bytes), refused(ParseError::bad_target)) << target;
  }
}

TEST(RequestParser, HostIsAnAuthority) {
  for (const char* host : {"a", "A.b-c_d~e.", "1.2.3.4", "1.2.3.4:0", "a:", "a:65535", "[::1]", "[::1]:80",
                           "[2001:DB8::1]", "[::ffff:1.2.3.4]:8080"}) {
    const std::string bytes = "GET / HTTP/1.1\r\nHost: " + std::string(host) + "\r\n\r\n";
    EXPECT_EQ(request(bytes), "GET " + std::string(host) + " / 1.1 none keep|Host: " + host);
  }
  for (const char* host : {"",
                           " ",
                           "a b",
                           "a\tb",
                           "a/b",
                           "a?x",
                           "a#x",
                           "a\\b",
                           "u@a",
                           "a,b",
                           "a;b",
                           "\"a\"",
                           "<a>",
                           "a|b",
                           "{a}",
                           "a%41",
                           "*",
                           "\xff",
                           "a\xc3\xa9",
                           ":80",
                           "a:b",
                           "a:8o",
                           "a:-1",
                           "a:+1",
                           "a: 80",
                           "a :80",
                           "a:65536",
                           "a:99999999999",
                           "a:80:80",
                           "::1",
                           "[::1",
                           "::1]",
                           "[]",
                           "[",
                           "[]:80",
                           "[::1]80",
                           "[::1]:x",
                           "[a]",
                           "[1.2.3.4]",
                           "[fe80::1%25eth0]",
                           "[v1.a]",
                           "[::1]a",
                           "[[::1]]",
                           "[::1:2:3:4:5:6:7:8]",
                           "[00000:0000:0000:0000:0000:0000:0000:0000:0000:0000]",
                           "http://a",
                           "a'b",
                           "(a)",
                           "a=b",
                           "$a",
                           "a&b",
                           "!"}) {
    const std::string bytes = "GET / HTTP/1.1\r\nHost: " + std::string(host) + "\r\n";
    EXPECT_EQ(request(bytes), refused(ParseError::bad_host)) << host;
  }
}

TEST(RequestParser, RefusesFields) {
  const std::string start = "GET / HTTP/1.1\r\nHost: a\r\n";
  const std::pair<std::string, ParseError> cases[] = {
      {"X-A\r\n", ParseError::bad_field_name},
      {"X-A : b\r\n", ParseError::bad_field_name},
      {"X-A\t: b\r\n", ParseError::bad_field_name},
      {": b\r\n", ParseError::bad_field_name},
      {":\r\n", ParseError::bad_field_name},
      {"X A: b\r\n", ParseError::bad_field_name},
      {"X(A: b\r\n", ParseError::bad_field_name},
      {"X\"A: b\r\n", ParseError::bad_field_name},
      {"X/A: b\r\n", ParseError::bad_field_name},
      {"X@A: b\r\n", ParseError::bad_field_name},
      {"X[A: b\r\n", ParseError::bad_field_name},
      {"X\x80"
       "A: b\r\n",
       ParseError::bad_field_name},
      {"Transfer-Encoding\x85: chunked\r\n", ParseError::bad_field_name},
      {"Transfer-Encoding;: chunked\r\n", ParseError::bad_field_name},
      {"Transfer-\r\nEncoding: chunked\r\n", ParseError::bad_field_name},
      {"\0X: b\r\n"s, ParseError::bad_field_name},
      {"X\0: b\r\n"s, ParseError::bad_field_name},
      {"X\v: b\r\n", ParseError::bad_field_name},
      {"X\rY: b\r\n", ParseError::bad_field_name},
      {"\r\r\n", ParseError::bad_field_name},
      {"{\"a\":1}\r\n", ParseError::bad_field_name},

      {"X: a\0b\r\n"s, ParseError::bad_field_value},
      {"X: a\x01"
       "b\r\n",
       ParseError::bad_field_value},
      {"X: a\x1f\r\n", ParseError::bad_field_value},
      {"X: a\x7f\r\n", ParseError::bad_field_value},
      {"X: a\rb\r\n", ParseError::bad_field_value},
      {"X: a\r\r\n", ParseError::bad_field_value},
      {"X: a\r \n", ParseError::bad_field_value},
      {"Transfer-Encoding: \vchunked\r\n", ParseError::bad_field_value},
      {"Content-Length: 5\0\r\n"s, ParseError::bad_field_value},

      {" X: b\r\n", ParseError::folded_field},
      {"X: a\r\n b\r\n", ParseError::folded_field},
      {"X: a\r\n\tb\r\n", ParseError::folded_field},
      {"X: a\r\n \r\n", ParseError::folded_field},

      {"X: a\n", ParseError::bare_line_feed},
      {"X: a\nContent-Length: 23\r\n\r\n", ParseError::bare_line_feed},
      {"\n", ParseError::bare_line_feed},
      {"X\n", ParseError::bare_line_feed},

      {"Host: a\r\n", ParseError::bad_host},
      {"host: b\r\n", ParseError::bad_host},

      {"Expect: 200-maybe\r\n", ParseError::bad_expectation},
      {"Expect:\r\n", ParseError::bad_expectation},
      {"Expect: 100-continue, 100-continue\r\n", ParseError::bad_expectation},
      {"Expect: 100-continue\r\nExpect: y\r\n", ParseError::bad_expectation},
  };
  for (const auto& [bytes, error] : cases) EXPECT_EQ(request(start + bytes), refused(error)) << bytes;
}

TEST(RequestParser, RefusesHosts) {
  const std::pair<std::string, ParseError> cases[] = {
      {"GET / HTTP/1.1\r\n\r\n", ParseError::missing_host},
      {"GET / HTTP/1.1\r\nX: y\r\n\r\n", ParseError::missing_host},
      {"GET http://a/ HTTP/1.1\r\n\r\n", ParseError::missing_host},
      {"OPTIONS * HTTP/1.1\r\n\r\n", ParseError::missing_host},
      {"GET / HTTP/1.0\r\nHost: a b\r\n\r\n", ParseError::bad_host},
      {"GET / HTTP/1.0\r\nHost:\r\nHost: a\r\n\r\n", ParseError::bad_host},
  };
  for (const auto& [bytes, error] : cases) EXPECT_EQ(request(bytes), refused(error)) << bytes;
}

TEST(RequestParser, RefusesFraming) {
  const std::pair<std::string, ParseError> cases[] = {
      {"Transfer-Encoding: chunked\r\nContent-Length: 6\r\n", ParseError::conflicting_framing},
      {"Content-Length: 6\r\nTransfer-Encoding: chunked\r\n", ParseError::conflicting_framing},
      {"Content-Length: 6\r\nTransfer-Encoding: identity\r\n", ParseError::conflicting_framing},
      {"Content-Length: 6\r\ntransfer-encoding:\r\n", ParseError::conflicting_framing},
      {"Content-Length: 5\r\nContent-Length: 5\r\n", ParseError::conflicting_framing},
      {"Content-Length: 0\r\nContent-Length: 5\r\n", ParseError::conflicting_framing},
      {"Transfer-Encoding: chunked\r\nTransfer-Encoding: chunked\r\n", ParseError::conflicting_framing},
      {"Transfer-Encoding: chunked\r\nTransfer-Encoding: identity\r\n", ParseError::conflicting_framing},
  };
  for (const auto& [bytes, error] : cases)
    EXPECT_EQ(request("POST / HTTP/1.1\r\nHost: a\r\n" + bytes), refused(error)) << bytes;
  EXPECT_EQ(request("POST / HTTP/1.0\r\nTransfer-Encoding: chunked\r\n"), refused(ParseError::conflicting_framing));

  for (const std::string& value : {""s,
                                   "+5"s,
                                   "-5"s,
                                   "-0"s,
                                   "0x5"s,
                                   "5 5"s,
                                   "5,5"s,
                                   "5, 5"s,
                                   ",5"s,
                                   "5,"s,
                                   "5;"s,
                                   "5.0"s,
                                   "5e0"s,
                                   "5Z"s,
                                   "\"5\""s,
                                   "\x85"
                                   "5"s,
                                   "\xc2\xa0"
                                   "5"s,
                                   "five"s,
                                   "9223372036854775808"s,
                                   "18446744073709551615"s,
                                   "18446744073709551621"s,
                                   "1_0"s,
                                   std::string(400, '9')}) {
    const std::string bytes = "POST / HTTP/1.1\r\nHost: a\r\nContent-Length: " + value + "\r\n";
    EXPECT_EQ(request(bytes), refused(ParseError::bad_content_length)) << value;
  }
  for (const char* value : {"",
                            "xchunked",
                            "chunkedchunked",
                            "identity",
                            "chunked, identity",
                            "chunked,",
                            ",chunked",
                            "\"chunked\"",
                            "cow",
                            "chunked\tx",
                            "chunked x",
                            "chunked, chunked",
                            "gzip, chunked",
                            "gzip",
                            "chunked, gzip",
                            "chunked;q=1",
                            "chunked;",
                            "\x85"
                            "chunked",
                            "chun ked",
                            "'chunked'"}) {
    const std::string bytes = "POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: " + std::string(value) + "\r\n";
    EXPECT_EQ(request(bytes), refused(ParseError::unknown_transfer_coding)) << value;
  }
}

TEST(RequestParser, Limits) {
  const std::string head = "GET /abc HTTP/1.1\r\nHost: a\r\nX: y\r\n\r\n";
  const auto size = static_cast<uint32_t>(head.size());
  const auto accepted = "GET a /abc 1.1 none keep|Host: a|X: y"s;

  EXPECT_EQ(request(head + "xyz", {.max_head_bytes = size}), accepted + " + 3 bytes");
  for (uint32_t limit = 1; limit < size; ++limit)
    EXPECT_EQ(request(head, {.max_head_bytes = limit}), refused(ParseError::head_too_large)) << limit;
  EXPECT_EQ(request("GET /abc HTTP/1.1\r\nHost: a\r\nX: y\x01\r\n\r\n", {.max_head_bytes = 30}),
            refused(ParseError::head_too_large));

  EXPECT_EQ(request(head, {.max_fields = 2}), accepted);
  EXPECT_EQ(request(head, {.max_fields = 1}), refused(ParseError::too_many_fields));

  EXPECT_EQ(request(head, {.max_target_bytes = 4}), accepted);
  EXPECT_EQ(request(head, {.max_target_bytes = 3}), refused(ParseError::target_too_long));
  // Before the line is complete, too.
  EXPECT_EQ(request("GET /" + std::string(200, 'a'), {.max_target_bytes = 100}), refused(ParseError::target_too_long));
  EXPECT_EQ(request(std::string(200, 'A'), {.max_target_bytes = 100}), refused(ParseError::target_too_long));
  EXPECT_EQ(request("GET / HTTP/1.1\r\nHost: a\r\nX: " + std::string(200, 'a'), {.max_head_bytes = 100}),
            refused(ParseError::head_too_large));
  const std::string long_target(60000, 'a');
  EXPECT_EQ(request("GET /" + long_target + " HTTP/1.0\r\n\r\n"), "GET  /" + long_target + " 1.0 none close");
}

TEST(RequestParser, IsReusable) {
  const std::string_view bytes =
      "POST http://b/?q HTTP/1.1\r\nHost: b\r\nContent-Length: 3\r\nConnection: close\r\n\r\nabc"
      "\r\nGET /2 HTTP/1.0\r\n\r\n";
  RequestParser parser{HeadLimits{}};
  RequestHead head;
  ASSERT_EQ(parser.parse(bytes, head), Progress::done);
  const std::string_view second = bytes.substr(parser.head_size() + 3);
  parser.reset();
  ASSERT_EQ(parser.parse(second, head), Progress::done);
  EXPECT_EQ(render(head), "GET  /2 1.0 none close");
  EXPECT_EQ(parser.head_size(), second.size());
  parser.reset();
  EXPECT_EQ(parser.parse("\n", head), Progress::failed);
  EXPECT_EQ(parser.parse("\n\n", head), Progress::failed);
}

// Byte by byte, a head of one megabyte takes as long as its bytes, not their square.
TEST(RequestParser, TrickleIsLinear) {
  std::string bytes = "GET / HTTP/1.1\r\nHost: a\r\nX: " + std::string(500'000, 'a') + "\r\n";
  for (int i = 0; i < 900; ++i) bytes += "X-" + std::to_string(i) + ": " + std::string(500, 'b') + "\r\n";
  bytes += "\r\n";
  RequestParser parser{HeadLimits{}};
  RequestHead head;
  Progress progress = Progress::incomplete;
  for (size_t n = 1; n <= bytes.size(); ++n) progress = parser.parse({bytes.data(), n}, head);
  EXPECT_EQ(progress, Progress::done);
  EXPECT_EQ(head.headers.size(), 902U);
}

TEST(ParseError, StatusAndWords) {
  for (int i = 0; i <= static_cast<int>(ParseError::bad_status); ++i) {
    const auto error = static_cast<ParseError>(i);
    EXPECT_FALSE(describe(error).empty());
    EXPECT_GE(status_of(error), 400);
  }
  for (const auto& [error, status] : {std::pair{ParseError::bad_host, 400},
                                      {ParseError::target_too_long, 414},
                                      {ParseError::bad_expectation, 417},
                                      {ParseError::head_too_large, 431},
                                      {ParseError::too_many_fields, 431},
                                      {ParseError::unknown_transfer_coding, 501},
                                      {ParseError::connect_refused, 501},
                                      {ParseError::bad_status, 502},
                                      {ParseError::unsupported_version, 505}})
    EXPECT_EQ(status_of(error), status);
}

}  // namespace
}  // namespace fl::http::h1
