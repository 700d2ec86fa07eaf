#include "proxy/routing/request_path.h"

#include <gtest/gtest.h>

#include <string>

namespace fl::proxy::routing {
namespace {

using namespace std::string_view_literals;

struct PathCase {
  std::string_view path, forwarded, routing;
};

TEST(RequestPath, OneNormalForm) {
  for (const PathCase& c : std::initializer_list<PathCase>{
           {"/", "/", "/"},
           {"/a/b", "/a/b", "/a/b"},
           {"/a/../b/%41%42%43//%2f/", "/b/ABC/%2F/", "/b/ABC/%2F/"},
           {"/../../b/", "/b/", "/b/"},
           {"/a/../../b/../c/", "/c/", "/c/"},
           {"/a/../b/./c/../d/", "/b/d/", "/b/d/"},
           {"/a/b/../", "/a/", "/a/"},
           {"/a/b/..", "/a", "/a"},
           {"/a/b/.", "/a/b", "/a/b"},
           {"/a/b/./", "/a/b/", "/a/b/"},
           {"/..", "/", "/"},
           {"/.", "/", "/"},
           {"/a/..", "/", "/"},
           {"//", "/", "/"},
           {"//evil.test/a", "/evil.test/a", "/evil.test/a"},
           {"/..///b///", "/b/", "/b/"},
           {"/a/..//c/.././b", "/b", "/b"},
           {"/...", "/...", "/..."},
           {"/.well-known/x", "/.well-known/x", "/.well-known/x"},
           {"/a..b/..c/d..", "/a..b/..c/d..", "/a..b/..c/d.."},
           {"/foo%20%2Fbar", "/foo%20%2Fbar", "/foo %2Fbar"},
           {"/%20", "/%20", "/ "},
           {"/%3A%2F%3F%23%5B%5D%40%21%24%26%27%28%29%2A%2B%2C%3B%3D%25",
            "/%3A%2F%3F%23%5B%5D%40%21%24%26%27%28%29%2A%2B%2C%3B%3D%25",
            "/%3A%2F%3F%23%5B%5D%40%21%24%26%27%28%29%2A%2B%2C%3B%3D%25"},
           {"/a%2fb%3ac", "/a%2Fb%3Ac", "/a%2Fb%3Ac"},
           {"/%61%7e%2d", "/a~-", "/a~-"},
           {"/{id}", "/%7Bid%7D", "/{id}"},
           {"/a\"<>^`|\\b", "/a%22%3C%3E%5E%60%7C%5Cb", "/a\"<>^`|\\b"},
           {"/\xc3\xa9", "/%C3%A9", "/\xc3\xa9"},
           {"/%c3%a9", "/%C3%A9", "/\xc3\xa9"},
           {"/a;b=c/d;e", "/a;b=c/d;e", "/a;b=c/d;e"},
           {"/foo%00bar", "/foo%00bar", "/foo\0bar"sv},
           {"/foo%25bar", "/foo%25bar", "/foo%25bar"},
           {"/job/a%252Fb/", "/job/a%252Fb/", "/job/a%252Fb/"},
           {"/api/queues/%2F/q", "/api/queues/%2F/q", "/api/queues/%2F/q"},
           {"/x%2Fy/../z", "/z", "/z"},
           {"*", "*", "*"},
       }) {
    Arena arena;
    const auto path = make_request_path(c.path, true, {}, arena);
    ASSERT_TRUE(path) << c.path << ": " << describe(path.error());
    EXPECT_EQ(path->forwarded, c.forwarded) << c.path;
    EXPECT_EQ(path->routing, c.routing) << c.path;
    // The normal form of a normal form is itself.
    const auto again = make_request_path(path->forwarded, true, {}, arena);
    ASSERT_TRUE(again);
    EXPECT_EQ(again->forwarded, c.forwarded);
    if (c.path != "*") {
      EXPECT_TRUE(is_sanitized(path->forwarded));
    }
  }
}

TEST(RequestPath, PlainTextStaysWhereItIs) {
  for (const std::string_view text : {"/", "/a/b-c_d.e~f", "/a.b/c.", "/a:b@c!$&'()*+,=[]", "/a/"}) {
    Arena arena;
    const auto path = make_request_path(text, true, {}, arena);
    ASSERT_TRUE(path);
    EXPECT_EQ(path->forwarded.data(), text.data());
    EXPECT_EQ(path->routing.data(), text.data());
  }
}

TEST(RequestPath, WithoutSanitizingSegmentsStay) {
  for (const std::string_view text : {"/a/../b//c/./d", "/..;/x", "/%2F", "/x%2F..%2Fy", "//"}) {
    Arena arena;
    const auto path = make_request_path(text, false, {}, arena);
    ASSERT_TRUE(path) << text;
    EXPECT_EQ(path->forwarded, text);
    EXPECT_FALSE(is_sanitized(text)) << text;
  }
  Arena arena;
  EXPECT_EQ(make_request_path("/%2e%2E/%7b", false, {}, arena)->forwarded, "/../%7B") << "escapes are normal anyway";
}

TEST(RequestPath, Refused) {
  const auto error = [](std::string_view text) {
    Arena arena;
    const auto path = make_request_path(text, true, {}, arena);
    return path ? "accepted as " + std::string(path->forwarded) : std::string(describe(path.error()));
  };
  for (const std::string_view text :
       std::initializer_list<std::string_view>{"", "a", "?", "**", "/%", "/%4", "/%4g", "/a%", "/%%41", "/a#b", "/a?b",
                                               "/a b", "/a\tb", "/a\x7f", "/a\0b"sv, "/a\r\nb", "%2Fa"})
    EXPECT_EQ(error(text), "the path is malformed") << text;
  for (const std::string_view text : {"/x/..;/y",        "/x/..;a=b/y",
                                      "/x/.;/y",         "/x/..%3B/y",
                                      "/x/..%3ba",       "/x%2f..%2fy",
                                      "/x/..%2fy",       "/x%2F..",
                                      "/x%2F.",          "/x\\..\\y",
                                      "/x/..\\y",        "/x%5c..%5cy",
                                      "/x/..%5c",        "/x/%252e%252e/y",
                                      "/x/%252E./y",     "/x%252f..%252fy",
                                      "/x%255c..%255cy", "/%2Fy",
                                      "/%5Cy",           "/\\y",
                                      "/%252fy",         "/;/y",
                                      "/;a/y",           "/a/..//%2fy",
                                      "/x/..;",          "/..%2f"})
    EXPECT_EQ(error(text), "the path means different things to different servers") << text;
}

TEST(RequestPath, EncodedCharactersOneByOne) {
  struct Case {
    std::string_view path;
    bool EncodedCharacters::* member;
  };
  for (const Case& c : std::initializer_list<Case>{
           {"/a%2fb", &EncodedCharacters::slash},
           {"/a%5cb", &EncodedCharacters::back_slash},
           {"/a\\b", &EncodedCharacters::back_slash},
           {"/a%00b", &EncodedCharacters::null_character},
           {"/a%3bb", &EncodedCharacters::semicolon},
           {"/a%25b", &EncodedCharacters::percent},
           {"/a%3Fb", &EncodedCharacters::question_mark},
           {"/a%23b", &EncodedCharacters::hash},
       }) {
    Arena arena;
    EncodedCharacters allowed;
    allowed.*c.member = false;
    const auto refused = make_request_path(c.path, true, allowed, arena);
    ASSERT_FALSE(refused) << c.path;
    EXPECT_EQ(refused.error(), PathError::encoded_character);
    EncodedCharacters others{false, false, false, false, false, false, false};
    others.*c.member = true;
    EXPECT_TRUE(make_request_path(c.path, true, others, arena)) << c.path;
    EXPECT_TRUE(make_request_path("/a;b/%20%41", true, allowed, arena)) << "raw and other ones stay allowed";
  }
}

TEST(Sanitized, AfterAPrefixIsCutOff) {
  for (const std::string_view good : {"/", "/a", "/a/", "/a/b", "/a%2Fb", "/a;b"})
    EXPECT_TRUE(is_sanitized(good)) << good;
  for (const std::string_view bad :
       {"", "a", "//", "//a", "/a//b", "/..", "/../a", "/a/..", "/.", "/a/./b", "/%2Fa", "/a//"})
    EXPECT_FALSE(is_sanitized(bad)) << bad;
}

TEST(RoutingPath, WhatItsBeginningWasMadeOf) {
  struct Case {
    std::string_view forwarded;
    size_t size;
    std::optional<size_t> want;
  };
  for (const Case& c : std::initializer_list<Case>{{"/abc", 0, 0},
                                                   {"/abc", 4, 4},
                                                   {"/abc", 5, std::nullopt},
                                                   {"/a%20b", 2, 2},
                                                   {"/a%20b", 3, 5},
                                                   {"/a%20b", 4, 6},
                                                   {"/%C3%A9b", 3, 7},
                                                   {"/a%2Fb", 2, 2},
                                                   {"/a%2Fb", 3, std::nullopt},
                                                   {"/a%2Fb", 4, std::nullopt},
                                                   {"/a%2Fb", 5, 5},
                                                   {"/%", 2, 2}})
    EXPECT_EQ(forwarded_size(c.forwarded, c.size), c.want) << c.forwarded << " " << c.size;
}

TEST(RequestQuery, SemicolonsSeparate) {
  Arena arena;
  const std::string_view plain = "a=b&c";
  EXPECT_EQ(make_query(plain, false, arena).data(), plain.data());
  EXPECT_EQ(make_query("a;b;;c%3Bd", false, arena), "a&b&&c%3Bd");
  EXPECT_EQ(make_query("a;b;;c", true, arena), "a%3Bb%3B%3Bc");
  EXPECT_EQ(make_query("", true, arena), "");
}

TEST(CanonicalHost, LowerCaseWithoutPortBracketsDot) {
  struct Case {
    std::string_view authority, want;
  };
  Arena arena;
  for (const Case& c : std::initializer_list<Case>{{"", ""},
                                                   {"a.test", "a.test"},
                                                   {"A.Test:8080", "a.test"},
                                                   {"a.test.", "a.test"},
                                                   {"A.TEST.:443", "a.test"},
                                                   {"a.test:", "a.test"},
                                                   {"[::1]:80", "::1"},
                                                   {"[FE80::A]", "fe80::a"},
                                                   {"10::10", "10::10"},
                                                   {"127.0.0.1:80", "127.0.0.1"},
                                                   {".", ""},
                                                   {"[", ""},
                                                   {"[::1", "::1"},
                                                   {":80", ""}})
    EXPECT_EQ(canonical_host(c.authority, arena), c.want) << c.authority;
  const std::string_view plain = "a.test:80";
  EXPECT_EQ(canonical_host(plain, arena).data(), plain.data()) << "no copy when nothing changes";
}

}  // namespace
}  // namespace fl::proxy::routing
