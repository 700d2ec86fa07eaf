#include "proxy/build/server_url.h"

#include <gtest/gtest.h>

namespace fl::proxy {
namespace {

TEST(ServerUrl, Parsed) {
  const struct {
    std::string_view text, scheme, host, host_header, address, path;
  } cases[] = {
      {"http://10.0.0.5", "http", "10.0.0.5", "10.0.0.5", "10.0.0.5:80", ""},
      {"http://10.0.0.5:80", "http", "10.0.0.5", "10.0.0.5", "10.0.0.5:80", ""},
      {"http://10.0.0.5:8080/", "http", "10.0.0.5", "10.0.0.5:8080", "10.0.0.5:8080", ""},
      {"HTTPS://app.test/base/", "https", "app.test", "app.test", "app.test:443", "/base"},
      {"https://app.test:80", "https", "app.test", "app.test:80", "app.test:80", ""},
      {"http://[::1]:8080/a/b", "http", "::1", "[::1]:8080", "[::1]:8080", "/a/b"},
      {"http://[2001:db8::1]", "http", "2001:db8::1", "[2001:db8::1]", "[2001:db8::1]:80", ""},
      {"h2c://a:1", "h2c", "a", "a:1", "a:1", ""},
  };
  for (const auto& c : cases) {
    const auto url = parse_server_url(c.text);
    ASSERT_TRUE(url) << c.text;
    EXPECT_EQ(url->scheme, c.scheme);
    EXPECT_EQ(url->host, c.host);
    EXPECT_EQ(url->host_header(), c.host_header);
    EXPECT_EQ(url->address(), c.address);
    EXPECT_EQ(url->path, c.path);
  }
}

TEST(ServerUrl, Refused) {
  const std::pair<std::string_view, std::string_view> cases[] = {
      {"", "no scheme"},
      {"10.0.0.5:8080", "no scheme"},
      {"//a", "no scheme"},
      {"://a", "no scheme"},
      {"http://", "no host"},
      {"http://:80", "no host"},
      {"http:///path", "no host"},
      {"http://a:0", "port"},
      {"http://a:65536", "port"},
      {"http://a:b", "port"},
      {"http://a:-1", "port"},
      {"http://a:80:90", "port"},
      {"http://[::1", "missing ']'"},
      {"http://[::1]x", "only a port"},
      {"http://u:p@a", "user"},
      {"http://a?x", "query"},
      {"http://a#x", "query"},
      {"http://%zz", "percent"},
      {"http://a%41:80", "percent"},
      {"http://a b", "space"},
      {"http://a\r\nX: y", "space"},
  };
  for (const auto& [text, why] : cases) {
    const auto url = parse_server_url(text);
    ASSERT_FALSE(url) << text;
    EXPECT_NE(url.error().message.find(why), std::string::npos) << url.error().message;
  }
}

}  // namespace
}  // namespace fl::proxy
