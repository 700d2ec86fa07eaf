#include "proxy/middleware/replace_path.h"

#include "proxy/middleware/exchange_for_test.h"
#include "proxy/middleware/replace_path_regex.h"

namespace fl::proxy::middleware {
namespace {

TEST(ReplacePath, OnePathForAll) {
  struct Case {
    std::string_view to, target, path, before;
  };
  for (const Case& c : std::initializer_list<Case>{
           {"/replacement-path", "/example?a=b", "/replacement-path", "/example"},
           {"/foo%2Fbar", "/some/really/long/path", "/foo%2Fbar", "/some/really/long/path"},
           {"/foo", "/a%20b", "/foo", "/a%20b"},
           {"foo bar?x", "/", "/foo%20bar%3Fx", "/"},
           {"", "/x", "/", "/x"},
       }) {
    const auto handler = make_replace_path({.path = std::string(c.to)}, std::make_shared<NextForTest>());
    ASSERT_TRUE(handler) << handler.error().message;
    ExchangeForTest x(c.target);
    run(*handler, x);
    EXPECT_EQ(x.request.path, c.path) << c.to;
    EXPECT_EQ(joined(x.request.headers, "X-Replaced-Path"), c.before);
    EXPECT_EQ(x.request.has_query, c.target.contains('?')) << "the query stays";
  }
  const auto next = std::make_shared<NextForTest>();
  ExchangeForTest broken("/example");
  run(*make_replace_path({.path = "/100%"}, next), broken);
  EXPECT_EQ(broken.response.status, 500);
  EXPECT_EQ(next->calls, 0);
}

TEST(ReplacePathRegex, ReplacesMatches) {
  struct Case {
    std::string_view regex, replacement, target, path, before;
    uint16_t status = 200;
  };
  for (const Case& c : std::initializer_list<Case>{
           {"^/whoami/(.*)", "/who-am-i/$1", "/whoami/and/whoami?q", "/who-am-i/and/whoami", "/whoami/and/whoami"},
           {" ^/whoami/(.*) ", " /who-am-i/$1 ", "/whoami/x", "/who-am-i/x", "/whoami/x"},
           {"/whoami", "/no", "/api", "/api", "(none)"},
           {"^/api/v2/([a-z]+)/v([0-9])$", "/${2}/${1}", "/api/v2/a/v3", "/3/a", "/api/v2/a/v3"},
           {"/aaa/bbb", "/foo/bar", "/aaa%2Fbbb", "/aaa%2Fbbb", "(none)"},
           {"^/foo/(.*)", "/$1", "/foo/%08bar", "/%08bar", "/foo/%08bar"},
           {"^/foo/(.*)", "$1", "/foo/bar", "/bar", "/foo/bar"},
           {"^/foo", "", "/foo", "/", "/foo"},
           {"a", "?#ü", "/a", "/%3F%23%C3%BC", "/a"},
           {"^/foo(.*)", "/$1", "/foo../bar", "", "", 400},
           {"^/foo(.*)", "/$1", "/foo/bar", "", "", 400},
           {"^/foo", "/%zz", "/foo", "", "", 500},
       }) {
    const auto next = std::make_shared<NextForTest>();
    const auto handler =
        make_replace_path_regex({.regex = std::string(c.regex), .replacement = std::string(c.replacement)}, next);
    ASSERT_TRUE(handler) << handler.error().message;
    ExchangeForTest x(c.target);
    run(*handler, x);
    EXPECT_EQ(x.response.status, c.status) << c.target;
    EXPECT_EQ(next->calls, c.status == 200);
    if (c.status != 200) continue;
    EXPECT_EQ(x.request.path, c.path) << c.target;
    EXPECT_EQ(joined(x.request.headers, "X-Replaced-Path"), c.before);
  }
  EXPECT_FALSE(make_replace_path_regex({.regex = "^(?err)/x$", .replacement = "/"}, nullptr));
}

}  // namespace
}  // namespace fl::proxy::middleware
