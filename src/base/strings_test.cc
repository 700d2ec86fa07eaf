#include "base/strings.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace fl {
namespace {

using ::testing::ElementsAre;
using ::testing::IsEmpty;
using namespace std::string_view_literals;

TEST(Strings, OnlyAsciiLettersHaveCase) {
  EXPECT_EQ(to_lower("AbC-\u00c9_9\x80"), "abc-\u00c9_9\x80");
  EXPECT_EQ(to_upper("AbC-\u00e9_9@[`{"), "ABC-\u00e9_9@[`{");
  EXPECT_TRUE(iequals("Host", "hOST"));
  EXPECT_FALSE(iequals("Host", "Hosts"));
  EXPECT_FALSE(iequals("a@", "a`"));
  EXPECT_FALSE(iequals("[", "{"));
  EXPECT_EQ(icompare("abc", "ABC"), 0);
  EXPECT_LT(icompare("ab", "ABC"), 0);
  EXPECT_GT(icompare("b", "ABC"), 0);
  EXPECT_GT(icompare("\xff", "a"), 0) << "bytes compare unsigned";
}

TEST(Strings, CharacterClassesOnEveryByte) {
  for (int i = 0; i < 256; ++i) {
    const char c = static_cast<char>(i);
    const bool digit = i >= '0' && i <= '9', upper = i >= 'A' && i <= 'Z', lower = i >= 'a' && i <= 'z';
    EXPECT_EQ(is_digit(c), digit);
    EXPECT_EQ(is_alnum(c), digit || upper || lower) << i;
    EXPECT_EQ(hex_value(c) >= 0, digit || "abcdefABCDEF"sv.find(c) != std::string_view::npos) << i;
  }
  EXPECT_EQ(hex_value('7'), 7);
  EXPECT_EQ(hex_value('f'), 15);
  EXPECT_EQ(hex_value('A'), 10);
}

TEST(Strings, Trim) {
  EXPECT_EQ(trim("  a b\t\r\n"), "a b");
  EXPECT_EQ(trim(" \t "), "");
  EXPECT_EQ(trim(""), "");
  EXPECT_EQ(trim("..a..", "."), "a");
}

TEST(Strings, SplitKeepsEmptyParts) {
  EXPECT_THAT(split("a,,b", ','), ElementsAre("a", "", "b"));
  EXPECT_THAT(split("", ','), ElementsAre(""));
  EXPECT_THAT(split(",", ','), ElementsAre("", ""));
  EXPECT_THAT(split("a", ','), ElementsAre("a"));
}

TEST(Strings, SplitListDropsThem) {
  EXPECT_THAT(split_list(" a, ,b ,"), ElementsAre("a", "b"));
  EXPECT_THAT(split_list(" , ,"), IsEmpty());
  EXPECT_THAT(split_list(""), IsEmpty());
}

TEST(Strings, JoinIsTheReverseOfSplit) {
  EXPECT_EQ(join({}, ","), "");
  EXPECT_EQ(join({""}, ","), "");
  EXPECT_EQ(join({"", "a", ""}, ", "), ", a, ");
}

TEST(Strings, WholeNumbersOnly) {
  EXPECT_EQ(parse_int("-9223372036854775808"), INT64_MIN);
  EXPECT_EQ(parse_int("007"), 7);
  EXPECT_EQ(parse_uint("18446744073709551615"), UINT64_MAX);
  for (const auto bad : {"", " 1", "1 ", "+1", "0x1", "1.0", "1e3", "--1", "9223372036854775808", "1_0"})
    EXPECT_FALSE(parse_int(bad)) << bad;
  EXPECT_FALSE(parse_int("1\0"sv));
  for (const auto bad : {"", "-1", "18446744073709551616"}) EXPECT_FALSE(parse_uint(bad)) << bad;
}

TEST(Strings, NearestSuggestsOnlyWhatIsNear) {
  const std::vector<std::string_view> names{"Host", "HostRegexp", "Path", "PathPrefix", "Method"};
  EXPECT_EQ(nearest("Hots", names), "Host");
  EXPECT_EQ(nearest("pathprefx", names), "PathPrefix");
  EXPECT_EQ(nearest("METHOD", names), "Method");
  EXPECT_EQ(nearest("Banana", names), std::nullopt);
  EXPECT_EQ(nearest("Host", {}), std::nullopt);
}

}  // namespace
}  // namespace fl
