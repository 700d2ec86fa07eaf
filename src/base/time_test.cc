#include "base/time.h"

#include <gtest/gtest.h>

namespace fl {
namespace {

struct DurationCase {
  std::string_view text;
  int64_t nanoseconds;
  std::string_view printed;
};

// Expected values are what Go 1.24 answers to strconv.ParseInt and, when that fails, time.ParseDuration.
TEST(Time, DurationsAsGoReadsAndPrintsThem) {
  for (const DurationCase& c : std::initializer_list<DurationCase>{
           {"10", 10'000'000'000, "10s"},
           {"+10", 10'000'000'000, "10s"},
           {"00010", 10'000'000'000, "10s"},
           {"-5", -5'000'000'000, "-5s"},
           {"0", 0, "0s"},
           {"0s", 0, "0s"},
           {"-0h", 0, "0s"},
           {"1h2m3.5s4ms", 3'723'504'000'000, "1h2m3.504s"},
           {".5s", 500'000'000, "500ms"},
           {"5.s", 5'000'000'000, "5s"},
           {"-.5s", -500'000'000, "-500ms"},
           {"+5s", 5'000'000'000, "5s"},
           {"1.5h", 5'400'000'000'000, "1h30m0s"},
           {"60s", 60'000'000'000, "1m0s"},
           {"2h", 7'200'000'000'000, "2h0m0s"},
           {"100ns", 100, "100ns"},
           {"1us", 1'000, "1\u00b5s"},
           {"1\u00b5s", 1'000, "1\u00b5s"},
           {"1\u03bcs", 1'000, "1\u00b5s"},
           {"1500ns", 1'500, "1.5\u00b5s"},
           {"1234567ns", 1'234'567, "1.234567ms"},
           {"2400h0m0.000000001s", 8'640'000'000'000'001, "2400h0m0.000000001s"},
           {"9007199254740993ns", 9'007'199'254'740'993, "2501h59m59.254740993s"},
           {"0.3333333333333333333h", 1'200'000'000'000, "20m0s"},
           {"0.100000000000000000000h", 360'000'000'000, "6m0s"},
           {"9223372036s", 9'223'372'036'000'000'000, "2562047h47m16s"},
           {"9223372036854775807ns", INT64_MAX, "2562047h47m16.854775807s"},
           {"2562047h47m16.854775807s", INT64_MAX, "2562047h47m16.854775807s"},
           {"-9223372036854775808ns", INT64_MIN, "-2562047h47m16.854775808s"},
       }) {
    const auto d = parse_duration(c.text);
    ASSERT_TRUE(d) << c.text;
    EXPECT_EQ(d->count(), c.nanoseconds) << c.text;
    EXPECT_EQ(format_duration(*d), c.printed);
  }
}

TEST(Time, WhatIsNoDuration) {
  for (const std::string_view text : {"",
                                      "s",
                                      "1 s",
                                      " 1s",
                                      "1s ",
                                      "1h-2m",
                                      "-",
                                      "+",
                                      ".",
                                      ".s",
                                      "1e3s",
                                      "0x1s",
                                      "1.5",
                                      "1d",
                                      "1S",
                                      "--1s",
                                      "+-1s",
                                      "0.1.2s",
                                      "\u0661s",
                                      "1_0",
                                      "9223372036854775808ns",
                                      "-9223372036854775809ns",
                                      "9223372036.9s",
                                      "3000000h",
                                      "9223372037",
                                      "-9223372037",
                                      "9223372036854775807",
                                      "-9223372036854775808",
                                      "99999999999999999999s",
                                      "2562047h47m16.854775807s1ns"})
    EXPECT_FALSE(parse_duration(text)) << text;
}

WallTime at(int64_t seconds, int64_t nanoseconds = 0) {
  return WallTime(Duration(seconds * 1'000'000'000 + nanoseconds));
}

TEST(Time, DatesInEveryForm) {
  const WallTime t = at(1'795'247'040);
  EXPECT_EQ(format_rfc3339(t), "2026-11-21T07:44:00Z");
  EXPECT_EQ(format_rfc3339(at(1'795'247'040, 500'000'000)), "2026-11-21T07:44:00.5Z");
  EXPECT_EQ(format_rfc3339(at(1'795'247'040, 1)), "2026-11-21T07:44:00.000000001Z");
  EXPECT_EQ(format_rfc3339(at(0, -1)), "1969-12-31T23:59:59.999999999Z");
  EXPECT_EQ(format_iso8601_basic(t), "20261121T074400Z");
  EXPECT_EQ(format_http_date(t), "Sat, 21 Nov 2026 07:44:00 GMT");
  EXPECT_EQ(format_http_date(at(0)), "Thu, 01 Jan 1970 00:00:00 GMT");
}

TEST(Time, HttpDatesComeBack) {
  for (const int64_t seconds : {int64_t{0}, int64_t{951'782'400}, int64_t{1'795'247'040}, int64_t{4'102'444'799}}) {
    const auto parsed = parse_http_date(format_http_date(at(seconds)));
    ASSERT_TRUE(parsed);
    EXPECT_EQ(*parsed, at(seconds));
  }
  for (const std::string_view bad :
       {"", "Sat, 21 Nov 2026 07:44:00", "Sat, 21 Nov 2026 07:44:00 GMT ", "Sat, 21 Nov 2026 07:44:00 CET",
        "Saturday, 21-Nov-26 07:44:00 GMT", "Sat Nov 21 07:44:00 2026", "Sat, 32 Nov 2026 07:44:00 GMT",
        "Sat, 21 Nov 2026 25:44:00 GMT", "Sat, 31 Feb 2026 07:44:00 GMT", "Sun, 21 Nov 2026 07:44:00 GMT",
        "sat, 21 nov 2026 07:44:00 GMT", "Sat, 1 Nov 2026 7:44:00 GMT", "Sat,  21 Nov 2026 07:44:00 GMT",
        "Sat, 21 Nov 9999999 07:44:00 GMT", "Fri, 31 Dec 9999 23:59:59 GMT"})
    EXPECT_FALSE(parse_http_date(bad)) << bad;
}

}  // namespace
}  // namespace fl
