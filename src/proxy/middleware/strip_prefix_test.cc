#include "proxy/middleware/strip_prefix.h"

#include "proxy/middleware/exchange_for_test.h"
#include "proxy/middleware/strip_prefix_regex.h"

namespace fl::proxy::middleware {
namespace {

struct Case {
  std::vector<std::string> prefixes;
  std::string_view target, path, prefix;  // prefix: X-Forwarded-Prefix
  uint16_t status = 200;
};

void expect(const Result<HandlerPtr>& handler, const NextForTest& next, const Case& c) {
  ASSERT_TRUE(handler) << handler.error().message;
  ExchangeForTest x(c.target);
  run(*handler, x);
  EXPECT_EQ(x.response.status, c.status) << c.target;
  EXPECT_EQ(next.calls, c.status == 200) << c.target;
  if (c.status != 200) {
    EXPECT_EQ(x.body(), "Bad Request\n");
    return;
  }
  EXPECT_EQ(x.request.path, c.path) << c.target;
  EXPECT_EQ(joined(x.request.headers, "X-Forwarded-Prefix"), c.prefix) << c.target;
}

TEST(StripPrefix, FirstThatMatches) {
  for (const Case& c : std::initializer_list<Case>{
           {{}, "/noprefixes", "/noprefixes", "(none)"},
           {{"/"}, "/", "", "/"},
           {{"/stat/"}, "/stat/", "", "/stat/"},
           {{"/stat/"}, "/stat/us?q", "/us", "/stat/"},
           {{"/stat"}, "/stat", "", "/stat"},
           {{"/stat/"}, "/status", "/status", "(none)"},
           {{"/stat"}, "/status", "/us", "/stat"},
           {{"/stat", "/stat/us"}, "/stat/us", "/us", "/stat"},
           {{"/mismatch"}, "/status", "/status", "(none)"},
           {{"/Stat"}, "/stat/us", "/stat/us", "(none)"},
           {{""}, "/x", "/x", ""},
           {{"/stat"}, "/stat/us%2F%2Fx", "/us%2F%2Fx", "/stat"},
           {{"/a b"}, "/a%20b/c%2Fd", "/c%2Fd", "/a b"},
           {{"/é"}, "/%C3%A9/c", "/c", "/é"},
           {{"/a%2Fb"}, "/a%2Fb/c", "/c", "/a%2Fb"},
           {{"/a/b"}, "/a%2Fb/c", "/a%2Fb/c", "(none)"},
           {{"/a%2", "/a"}, "/a%2Fb", "", "", 400},  // half an escape does not match; "%2Fb" may be read as "//b"
           {{"/api"}, "/api../foo", "", "", 400},
           {{"/api"}, "/api/../foo", "", "", 400},
           {{"/api"}, "/api//foo", "", "", 400},
           {{"/api\n"}, "/api%0A/foo", "", "", 400},
           {{"/api"}, "*", "*", "(none)"},
       }) {
    const auto next = std::make_shared<NextForTest>();
    expect(make_strip_prefix({.prefixes = c.prefixes, .force_slash = {}}, next), *next, c);
  }
}

TEST(StripPrefix, KeepsThePrefixBefore) {
  const auto next = std::make_shared<NextForTest>();
  ExchangeForTest x("/a/b", {{"X-Forwarded-Prefix", "/before"}});
  run(*make_strip_prefix({.prefixes = {"/a"}, .force_slash = {}}, next), x);
  EXPECT_EQ(joined(x.request.headers, "X-Forwarded-Prefix"), "/before, /a");
}

TEST(StripPrefixRegex, FirstThatMatchesTheBeginning) {
  const std::vector<std::string> all{"/a/api/", "/b/([a-z0-9]+)/", " /c/[a-z0-9]+/[0-9]+/ "};
  for (const Case& c : std::initializer_list<Case>{
           {all, "/a/test", "/a/test", "(none)"},
           {all, "/a/api/test/", "/test/", "/a/api/"},
           {all, "/x/a/api/test", "/x/a/api/test", "(none)"},
           {all, "/b/api", "/b/api", "(none)"},
           {all, "/b/api/", "", "/b/api/"},
           {all, "/b/api/test1", "/test1", "/b/api/"},
           {all, "/c/api/123/", "", "/c/api/123/"},
           {all, "/c/api/123", "/c/api/123", "(none)"},
           {all, "/c/api/abc/test4", "/c/api/abc/test4", "(none)"},
           {{"/t /test"}, "/t%20/test/a%2Fb", "/a%2Fb", "/t /test"},
           {{"/t/test"}, "/t/test/a%2Fb", "/a%2Fb", "/t/test"},
           {{"x*"}, "/xx", "/xx", "(none)"},  // an empty match is none
           {{"/[^/]+%2"}, "/a%2Fb", "/a%2Fb", "(none)"},
           {{"/api"}, "/api../foo", "", "", 400},
           {{"/[^/]+"}, "/a%0D%0AX:y/foo", "", "", 400},
       }) {
    const auto next = std::make_shared<NextForTest>();
    expect(make_strip_prefix_regex({.regex = c.prefixes}, next), *next, c);
  }
  EXPECT_FALSE(make_strip_prefix_regex({.regex = {"/a", "(/b"}}, nullptr));
}

}  // namespace
}  // namespace fl::proxy::middleware
