#include "config/scalar.h"

#include <gtest/gtest.h>

namespace fl::config {
namespace {

TEST(ParseBool, TakesGoSpellingsOnly) {
  for (const char* yes : {"1", "t", "T", "TRUE", "true", "True"}) EXPECT_EQ(parse_bool(yes), true) << yes;
  for (const char* no : {"0", "f", "F", "FALSE", "false", "False"}) EXPECT_EQ(parse_bool(no), false) << no;
  for (const char* bad : {"", "yes", "on", "tRUE", " true", "2"}) EXPECT_EQ(parse_bool(bad), std::nullopt) << bad;
}

TEST(ParseInteger, DecimalEverywhereOtherBasesInPlainScalars) {
  struct Case {
    const char* text;
    std::optional<int64_t> quoted, plain;
  };
  const Case cases[] = {
      {"42", 42, 42},
      {"-7", -7, -7},
      {"+7", 7, 7},
      {"+-7", {}, {}},
      {"0", 0, 0},
      {"0x1f", {}, 31},
      {"-0x10", {}, -16},
      {"0o17", {}, 15},
      {"017", 17, 15},
      {"08", 8, {}},
      {"0b101", {}, 5},
      {"1_000", {}, 1000},
      {"9223372036854775807", INT64_MAX, INT64_MAX},
      {"9223372036854775808", {}, {}},
      {"", {}, {}},
      {"0x", {}, {}},
      {"0x-1", {}, {}},
      {"0q1", {}, {}},
      {"1.5", {}, {}},
      {"4 2", {}, {}},
  };
  for (const Case& c : cases) {
    EXPECT_EQ(parse_integer(c.text), c.quoted) << c.text;
    EXPECT_EQ(parse_integer(c.text, true), c.plain) << c.text;
  }
}

TEST(ParseReal, FiniteDecimals) {
  EXPECT_EQ(parse_real("0.3"), 0.3);
  EXPECT_EQ(parse_real("+5"), 5.0);
  EXPECT_EQ(parse_real("1e3"), 1000.0);
  for (const char* bad : {"", "nan", "inf", ".inf", "1,5", "0x1p3"}) EXPECT_EQ(parse_real(bad), std::nullopt) << bad;
}

}  // namespace
}  // namespace fl::config
