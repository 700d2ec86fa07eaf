#include "http/url.h"

#include <gtest/gtest.h>

namespace fl::http {
namespace {

TEST(Url, ReadsAbsoluteUrls) {
  struct Case {
    const char *text, *host;
    uint16_t port;
    const char *authority, *target;
  };
  for (const Case& c : {
           Case{"http://a", "a", 80, "a", "/"},
           Case{"https://A.Example.com:443/", "a.example.com", 443, "a.example.com", "/"},
           Case{"HTTP://127.0.0.1:5000/x/y?z=1&w", "127.0.0.1", 5000, "127.0.0.1:5000", "/x/y?z=1&w"},
           Case{"http://[fd00:EC2::254]/latest", "fd00:ec2::254", 80, "[fd00:ec2::254]", "/latest"},
           Case{"https://[::1]:8443?q", "::1", 8443, "[::1]:8443", "/?q"},
           Case{"http://a/?", "a", 80, "a", "/?"},
       }) {
    const auto url = Url::parse(c.text);
    ASSERT_TRUE(url) << c.text << url.error().message;
    EXPECT_EQ(url->host, c.host);
    EXPECT_EQ(url->port, c.port);
    EXPECT_EQ(url->authority(), c.authority);
    EXPECT_EQ(url->target(), c.target);
  }
}

// RFC 3986 5.4, as far as it has no parameters.
TEST(Url, ResolvesReferences) {
  const auto base = Url::parse("http://a:81/b/c/d;p?q");
  ASSERT_TRUE(base);
  for (const auto& [reference, whole] : std::vector<std::pair<const char*, const char*>>{
           {"g:h", "g:h"},
           {"https://x/y", "https://x/y"},
           {"g", "http://a:81/b/c/g"},
           {"./g", "http://a:81/b/c/g"},
           {"g/", "http://a:81/b/c/g/"},
           {"/g", "http://a:81/g"},
           {"//g", "http://g"},
           {"?y", "http://a:81/b/c/d;p?y"},
           {"g?y", "http://a:81/b/c/g?y"},
           {"#s", "http://a:81/b/c/d;p?q#s"},
           {"g?y#s", "http://a:81/b/c/g?y#s"},
           {"", "http://a:81/b/c/d;p?q"},
           {".", "http://a:81/b/c/"},
           {"..", "http://a:81/b/"},
           {"../g", "http://a:81/b/g"},
           {"../../../g", "http://a:81/g"},
           {"/./g", "http://a:81/g"},
           {"/../g", "http://a:81/g"},
           {"g.", "http://a:81/b/c/g."},
           {"..g", "http://a:81/b/c/..g"},
           {"./g/.", "http://a:81/b/c/g/"},
           {"g/./h/../i", "http://a:81/b/c/g/i"},
           {"g?y/../x", "http://a:81/b/c/g?y/../x"},
           {"/a:b", "http://a:81/a:b"},
       })
    EXPECT_EQ(base->resolve(reference), whole) << reference;
}

TEST(Url, RefusesTheRest) {
  for (const char* text : {"",
                           "a",
                           "/path",
                           "//a/",
                           "ftp://a",
                           "http:/a",
                           "http://",
                           "http:///x",
                           "http://:80/",
                           "http://a:/",
                           "http://a:0",
                           "http://a:65536",
                           "http://a:8x",
                           "http://a:1:2",
                           "http://u:p@a/",
                           "http://a b/",
                           "http://a/b c",
                           "http://a/\r\nX",
                           "http://a/#f",
                           "http://[::1",
                           "http://[::1]x",
                           "http://[nope]/",
                           "http://a\\b/",
                           "http://a/\xc3\xa9"})
    EXPECT_FALSE(Url::parse(text)) << text;
}

}  // namespace
}  // namespace fl::http
