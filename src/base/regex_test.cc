#include "base/regex.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace fl {
namespace {

Regex compile(std::string_view pattern) {
  auto regex = Regex::compile(pattern);
  EXPECT_TRUE(regex) << regex.error().message;
  return std::move(*regex);
}

TEST(Regex, MatchesAnywhereUnlessAnchored) {
  struct Case {
    std::string_view pattern, text;
    bool want;
  };
  for (const Case& c : std::initializer_list<Case>{
           {"b", "abc", true},
           {"^b", "abc", false},
           {"^[a-zA-Z-]+\\.com$", "example.com", true},
           {"a.c", "a\nc", false},
           {"(?s)a.c", "a\nc", true},
           {"(?i)ABC", "xabcx", true},
           {"b$", "b\n", false},
           {"(?m)b$", "b\n", true},
           {"", "", true},
           {"\\bfoo\\b", "a foo b", true},
           {"\\Qa.b\\E", "a.b", true},
           {"\\Qa.b\\E", "axb", false},
           {"http{secure:s?}", "http{secure:s}", true},
           {"(a+)+$", std::string_view("aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa!"), false},
       })
    EXPECT_EQ(compile(c.pattern).matches(c.text), c.want) << c.pattern << " on " << c.text;
}

TEST(Regex, RefusesWhatGoRefuses) {
  for (const auto pattern :
       {"(example.com", "a)", "[a", "*", "a**", "(?=a)", "\\1", "a{2,1}", "(?P<1a)", "\\8", "a\\"}) {
    const auto regex = Regex::compile(pattern);
    ASSERT_FALSE(regex) << pattern;
    EXPECT_THAT(regex.error().message, ::testing::StartsWith("invalid regular expression \"" + std::string(pattern)));
  }
  EXPECT_FALSE(Regex::compile("((a{1000}){1000}){1000}")) << "memory is bounded";
}

TEST(Regex, BothFormsOfNamedGroups) {
  EXPECT_EQ(compile("(?<n>b+)(?P<m>c)").replace_all("abbc", "${m}${n}"), "acbb");
  EXPECT_TRUE(compile("\\(?<").matches("(<")) << "an escaped bracket is no group";
  EXPECT_TRUE(compile("\\(?<").matches("<"));
  EXPECT_TRUE(compile("^[(?<a>]+$").matches("<(>a?")) << "nor is one in a class";
  EXPECT_TRUE(compile("^[](?<a>]+$").matches("]<("));
  EXPECT_TRUE(compile("^\\Q(?<a>\\E$").matches("(?<a>"));
  EXPECT_EQ(compile("[^]](?<a>b)").replace_all("xb", "$a"), "b");
}

TEST(Regex, FindsTheLeftmostMatch) {
  EXPECT_EQ(compile("b+").find("abbcbbb"), "bb");
  EXPECT_EQ(compile("a|ab").find("xab"), "a") << "as Perl, not the longest";
  EXPECT_EQ(compile("x*").find("ab"), "");
  EXPECT_EQ(compile("").find(""), "");
  EXPECT_EQ(compile("c").find("ab"), std::nullopt);
  const std::string_view text = "abc";
  EXPECT_EQ(compile("c").find(text)->data(), text.data() + 2);
}

// Expected values are what Go 1.24's ReplaceAllString answers.
TEST(Regex, ReplaceAllExpandsAsGoDoes) {
  struct Case {
    std::string_view pattern, text, replacement, want;
  };
  for (const Case& c : std::initializer_list<Case>{
           {"a(x*)b", "-ab-axxb-", "T", "-T-T-"},
           {"a(x*)b", "-ab-axxb-", "$1", "--xx-"},
           {"a(x*)b", "-ab-axxb-", "$1W", "---"},
           {"a(x*)b", "-ab-axxb-", "${1}W", "-W-xxW-"},
           {"^/(.*)$", "/a/b", "/api/$1", "/api/a/b"},
           {"b", "abc", "$$1", "a$1c"},
           {"b", "abc", "$", "a$c"},
           {"b", "abc", "${", "a${c"},
           {"b", "abc", "${1", "a${1c"},
           {"b", "abc", "${}", "a${}c"},
           {"b", "abc", "$0$0", "abbc"},
           {"b", "abc", "$00", "ac"},
           {"b", "abc", "$9", "ac"},
           {"b", "abc", "$nope", "ac"},
           {"b", "abc", "$99999999999999999999", "ac"},
           {"(a)|(b)", "ab", "<$1,$2>", "<a,><,b>"},
           {"", "abc", "-", "-a-b-c-"},
           {"x*", "abxd", "-", "-a-b-d-"},
           {"b*", "abb", "-", "-a-"},
           {"", "", "-", "-"},
           {"", "h\u00e9", "-", "-h-\u00e9-"},
           {"^", "ab", "-", "-ab"},
           {"$", "ab", "-", "ab-"},
           {"x", "abc", "-", "abc"},
           {"\\b", "ab cd", "|", "|ab| |cd|"},
       })
    EXPECT_EQ(compile(c.pattern).replace_all(c.text, c.replacement), c.want)
        << c.pattern << " on " << c.text << " with " << c.replacement;
}

TEST(Regex, BytesThatAreNotUtf8) {
  EXPECT_EQ(compile("b").replace_all("a\xff"
                                     "b",
                                     "-"),
            "a\xff-");
  EXPECT_EQ(compile("").replace_all("\xc3", "-"), "-\xc3-");
}

TEST(Regex, KeepsItsPattern) { EXPECT_EQ(compile("(?<n>a)").pattern(), "(?<n>a)"); }

}  // namespace
}  // namespace fl
