#include "proxy/middleware/redirect.h"

#include "proxy/middleware/exchange_for_test.h"
#include "proxy/middleware/redirect_regex.h"
#include "proxy/middleware/redirect_scheme.h"

namespace fl::proxy::middleware {
namespace {

struct Asked {
  std::string_view host, target = "/", proto = "", method = "GET";
  bool tls = false;
};

// "302 https://a.test/", or "pass".
std::string answer(const Result<HandlerPtr>& handler, const NextForTest& next, const Asked& asked) {
  if (!handler) return handler.error().message;
  ExchangeForTest x(asked.target);
  x.request.authority = asked.host;
  x.set_method(asked.method);
  x.info.tls = asked.tls;
  if (!asked.proto.empty()) x.request.headers.append(http::HeaderId::x_forwarded_proto, asked.proto);
  run(*handler, x);
  if (next.calls > 0) return "pass";
  const std::string location = joined(x.response.headers, "Location");
  if (location != "(none)") {
    EXPECT_EQ(x.body(), http::reason_phrase(x.response.status));
    EXPECT_FALSE(x.response.headers.contains(http::HeaderId::content_type));
  }
  return std::to_string(x.response.status) + " " + location;
}

TEST(RedirectScheme, ToAnotherSchemeOrPort) {
  struct Case {
    config::dynamic::RedirectScheme options;
    Asked asked;
    std::string_view want;
  };
  for (const Case& c : std::initializer_list<Case>{
           {{.scheme = "https"}, {"foo"}, "302 https://foo/"},
           {{.scheme = "HTTPS"}, {"foo", "/a%2Fb?c=d%"}, "302 https://foo/a%2Fb?c=d%"},
           {{.scheme = "https"}, {"foo", "/?"}, "302 https://foo/?"},
           {{.scheme = "https"}, {"foo", ""}, "302 https://foo/"},
           {{.scheme = "https"}, {"foo:8080"}, "302 https://foo/"},
           {{.scheme = "https"}, {"foo:443"}, "302 https://foo/"},
           {{.scheme = "https"}, {.host = "foo", .tls = true}, "pass"},
           {{.scheme = "https"}, {.host = "foo:443", .tls = true}, "pass"},
           {{.scheme = "https"}, {.host = "foo:", .tls = true}, "pass"},
           {{.scheme = "https"}, {.host = "foo:8000", .target = "/other", .tls = true}, "302 https://foo/other"},
           {{.scheme = "https"}, {"foo", "/", "https"}, "pass"},
           {{.scheme = "https"}, {"foo", "/", "WSS"}, "pass"},
           {{.scheme = "https"}, {"foo", "/", "ws"}, "302 https://foo/"},
           {{.scheme = "https"}, {"foo", "/", "http"}, "302 https://foo/"},
           {{.scheme = "https"}, {.host = "foo", .proto = "http", .tls = true}, "302 https://foo/"},
           {{.scheme = "https"}, {.host = "foo", .proto = "bar", .tls = true}, "pass"},
           {{.scheme = "https", .port = "8443"}, {.host = "foo:8000", .tls = true}, "302 https://foo:8443/"},
           {{.scheme = "https", .port = "8443"}, {.host = "foo:8443", .tls = true}, "pass"},
           {{.scheme = "https", .port = "443"}, {.host = "foo:443", .tls = true}, "pass"},
           {{.scheme = "https", .port = "80"}, {"foo:80"}, "302 https://foo:80/"},
           {{.scheme = "http", .port = "80"}, {"foo:80"}, "pass"},
           {{.scheme = "http", .port = "8181"}, {"foo:8080"}, "302 http://foo:8181/"},
           {{.scheme = "wss", .port = "9443"}, {"foo"}, "302 wss://foo:9443/"},
           {{.scheme = "https", .port = "8443"}, {"[::1]:80"}, "302 https://[::1]:8443/"},
           {{.scheme = "https"}, {"[::1]"}, "302 https://[::1]/"},
           {{.scheme = "https"}, {"foo", "/", "", "POST"}, "307 https://foo/"},
           {{.scheme = "https"}, {"foo", "/", "", "HEAD"}, "307 https://foo/"},
           {{.scheme = "https", .permanent = true}, {"foo"}, "301 https://foo/"},
           {{.scheme = "https", .permanent = true}, {"foo", "/", "", "PUT"}, "308 https://foo/"},
           {{.scheme = "https", .force_permanent_redirect = true}, {"foo"}, "308 https://foo/"},
           {{.scheme = "https"}, {""}, "400 (none)"},
           {{}, {"foo"}, "you must provide a target scheme"},
           {{.scheme = "ht tp"}, {"foo"}, "scheme \"ht tp\" is not a URL scheme"},
           {{.scheme = "https://"}, {"foo"}, "scheme \"https://\" is not a URL scheme"},
           {{.scheme = "https", .port = "x"}, {"foo"}, "port \"x\" is not a port"},
           {{.scheme = "https", .port = "65536"}, {"foo"}, "port \"65536\" is not a port"},
       }) {
    const auto next = std::make_shared<NextForTest>();
    EXPECT_EQ(answer(make_redirect_scheme(c.options, next), *next, c.asked), c.want)
        << c.options.scheme << c.options.port << " " << c.asked.host << c.asked.target;
  }
}

TEST(RedirectRegex, ReplacesInTheWholeUrl) {
  struct Case {
    config::dynamic::RedirectRegex options;
    Asked asked;
    std::string_view want;
  };
  constexpr auto kPorts = R"(^(?:http?:\/\/)(foo)(\.com)(:\d+)(.*)$)";
  for (const Case& c : std::initializer_list<Case>{
           {{kPorts, "https://${1}bar$2:443$4"}, {"foo.com:80"}, "302 https://foobar.com:443/"},
           {{kPorts, "https://${1}bar$2:443$4"}, {"bar.com:80"}, "pass"},
           {{"^http://", "https://$1", true}, {"foo"}, "301 https://foo/"},
           {{"^http://", "https://", true}, {"foo", "/", "", "POST"}, "308 https://foo/"},
           {{"^http://", "https://"}, {"foo", "/a?b=c", "", "POST"}, "307 https://foo/a?b=c"},
           {{"^http://", "https://"}, {.host = "foo", .tls = true}, "pass"},
           {{"^http://", "https://"}, {"foo", "/", "https"}, "pass"},
           {{"^http://", "https://"}, {"foo", "/", "wss"}, "pass"},
           {{"http://foo:80", "https://foo:443"}, {"foo:80"}, "302 https://foo:443/"},
           {{"http://foo:80", "http://foo:88"}, {"foo:80"}, "302 http://foo:88/"},
           {{"^.*$", "/login"}, {"foo"}, "302 /login"},
           {{"^.*$", "$0"}, {"foo"}, "pass"},
           {{"^(.*)$", "http://192.168.0.%31/"}, {"foo"}, "502 (none)"},
           {{"^(.*)$", "http://foo:port/"}, {"foo"}, "502 (none)"},
           {{"^(.*)$", "http://foo/%zz"}, {"foo"}, "502 (none)"},
           {{"^(.*)$", "http://foo/\r\nSet-Cookie: a"}, {"foo"}, "502 (none)"},
           {{"^(.*)$", ":foo"}, {"foo"}, "502 (none)"},
           {{"^(.*)$", "http://foo/a b"}, {"foo"}, "302 http://foo/a%20b"},
       }) {
    const auto next = std::make_shared<NextForTest>();
    EXPECT_EQ(answer(make_redirect_regex(c.options, next), *next, c.asked), c.want)
        << c.options.regex << " " << c.options.replacement;
  }
  EXPECT_FALSE(make_redirect_regex({.regex = "^(.*", .replacement = "$1"}, nullptr));
}

TEST(Location, UrlsAndWhatIsNone) {
  Arena arena;
  for (const auto& [url, want] : std::initializer_list<std::pair<std::string_view, std::string_view>>{
           {"https://a.test/b?c=d#e", "https://a.test/b?c=d#e"},
           {"https://a.test", "https://a.test"},
           {"//a.test/x", "//a.test/x"},
           {"/x:y", "/x:y"},
           {"?q", "?q"},
           {"mailto:x", "mailto:x"},
           {"https://[::1]:8443/", "https://[::1]:8443/"},
           {"/\\evil.test", "/%5Cevil.test"},
           {"/ü?ü=|\\\"", "/%C3%BC?%C3%BC=|\\%22"},
           {"/a?b=100%", "/a?b=100%"},
       })
    EXPECT_EQ(make_location(url, arena), want) << url;
  for (const std::string_view bad : {"1http://a/", "a b://c/", "http:///x", "http://a b/", "http://u@a/", "http://ü/",
                                     "http://[::1/", "http://a:99999/", "/%", "/%1", "/a\tb", "/a\n"})
    EXPECT_EQ(make_location(bad, arena), std::nullopt) << bad;
}

}  // namespace
}  // namespace fl::proxy::middleware
