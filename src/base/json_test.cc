#include "base/json.h"

#include <gmock/gmock.h>

namespace fl::json {
namespace {

using ::testing::HasSubstr;

std::string nested(size_t depth) { return std::string(depth, '[') + std::string(depth, ']'); }

// Text -> the compact text it reads as.
TEST(Json, ReadsWhatRfc8259Allows) {
  const std::pair<std::string, std::string> cases[] = {
      {"null", "null"},
      {" true ", "true"},
      {"\t[1, -2 ,3.5]\r\n", "[1,-2,3.5]"},
      {"{}", "{}"},
      {"[]", "[]"},
      {R"({"b":1,"a":{"c":[{}]}})", R"({"b":1,"a":{"c":[{}]}})"},
      {"9223372036854775807", "9223372036854775807"},
      {"-9223372036854775808", "-9223372036854775808"},
      {"9223372036854775808", "9.223372036854776e+18"},
      {"123456789012345678901234567890", "1.2345678901234568e+29"},
      {"1600000000.123", "1600000000.123"},
      {"5e-324", "5e-324"},
      {"1e-400", "0"},
      {R"("\u00e9\uD83D\uDE00\/")", "\"\u00e9\U0001F600/\""},
      {R"("a\u0000b")", R"("a\u0000b")"},
      {nested(64), nested(64)},
      {R"({"":1})", R"({"":1})"},
  };
  for (const auto& [text, want] : cases) {
    const auto value = parse(text);
    ASSERT_TRUE(value) << text << ": " << value.error().message;
    EXPECT_EQ(to_text(*value), want) << text;
  }
}

TEST(Json, RefusesEverythingElse) {
  std::string many = "{";
  for (int i = 0; i < 100; ++i) many += "\"k" + std::to_string(i) + "\":0,";
  const std::string cases[] = {
      "",
      " ",
      "nul",
      "tru",
      "{",
      "[1,]",
      "[1 2]",
      "{\"a\"}",
      "{\"a\":1,}",
      "{a:1}",
      "'a'",
      "01",
      "+1",
      "1.",
      ".5",
      "-",
      "1e",
      "1e999",
      "-1e999",
      "NaN",
      "Infinity",
      "\"\n\"",
      "\"\\x\"",
      "\"\\ud800\"",
      "\"\\ud800\\u0041\"",
      "\"open",
      "\"\xff\"",
      "\"\xc0\xaf\"",
      "\"\xed\xa0\x80\"",
      "\"\xf4\x90\x80\x80\"",
      "\"\xe2\x82\"",
      "1 2",
      "{}x",
      "{} {}",
      "[1]// c",
      "\xef\xbb\xbf{}",
      nested(65),
      R"({"a":1,"a":2})",
      R"({"a":{"b":1,"c":2,"b":1}})",
      R"({"a":1,"\u0061":2})",
      many + "\"k7\":1}",
      std::string("1\0", 2),
  };
  for (const auto& text : cases) {
    const auto value = parse(text);
    EXPECT_FALSE(value) << text;
    if (!value) EXPECT_EQ(value.error().code, Code::invalid);
  }
  EXPECT_THAT(parse(R"({"a":1,"a":2})").error().message, HasSubstr("key \"a\" comes twice"));
  EXPECT_THAT(parse("[1,x]").error().message, HasSubstr("near byte 3"));
}

TEST(Json, LooksUpMembers) {
  const Value value = *parse(R"({"s":"text","n":3,"d":2.5,"o":{"x":null}})");
  EXPECT_EQ(value.string_at("s"), "text");
  EXPECT_EQ(value.string_at("n"), "");
  EXPECT_EQ(value.string_at("absent"), "");
  EXPECT_EQ(*value.find("n")->if_int(), 3);
  EXPECT_EQ(value.find("n")->if_number(), 3.0);
  EXPECT_EQ(value.find("d")->if_number(), 2.5);
  EXPECT_EQ(value.find("d")->if_int(), nullptr);
  EXPECT_TRUE(value.find("o")->find("x")->is_null());
  EXPECT_EQ(value.find("s")->find("x"), nullptr);
  EXPECT_EQ(value.find("s")->if_number(), std::nullopt);
}

TEST(Json, Quotes) {
  const auto quoted = [](std::string_view s, bool html) {
    std::string out;
    append_quoted(out, s, html);
    return out;
  };
  EXPECT_EQ(quoted("a\"b\\c\b\f\n\r\t\x01\x7f", false), "\"a\\\"b\\\\c\\b\\f\\n\\r\\t\\u0001\x7f\"");
  EXPECT_EQ(quoted("<a&b>", false), "\"<a&b>\"");
  EXPECT_EQ(quoted("<a&b>", true), "\"\\u003ca\\u0026b\\u003e\"");
  EXPECT_EQ(quoted("\u2028\u00e9", false), "\"\\u2028\u00e9\"");
  EXPECT_EQ(quoted("a\xff\xe2\x82z", false), "\"a\\ufffd\\ufffd\\ufffdz\"");
  EXPECT_EQ(to_text(Value(std::numeric_limits<double>::infinity())), "null");
}

}  // namespace
}  // namespace fl::json
