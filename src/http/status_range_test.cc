#include "http/status_range.h"

#include <gtest/gtest.h>

namespace fl::http {
namespace {

TEST(StatusRange, Parse) {
  EXPECT_EQ(StatusRange::parse("404")->last, 404);
  EXPECT_EQ(StatusRange::parse("500-599")->first, 500);
  for (const std::string_view bad : {"", "-", "5xx", "500-", "-599", "599-500", "200,300", "1000"})
    EXPECT_FALSE(StatusRange::parse(bad)) << bad;
}

TEST(StatusRange, Contains) {
  const StatusRange range{400, 404};
  EXPECT_FALSE(range.contains(399));
  EXPECT_TRUE(range.contains(400));
  EXPECT_TRUE(range.contains(404));
  EXPECT_FALSE(range.contains(405));
}

}  // namespace
}  // namespace fl::http
