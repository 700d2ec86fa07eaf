#include "proxy/middleware/token_buckets.h"

#include <gtest/gtest.h>

namespace fl::proxy::middleware {
namespace {

const TimePoint kStart{std::chrono::hours(1)};

TEST(TokenBuckets, ABurstThenTheRate) {
  TokenBuckets buckets({.rate = 10, .burst = 3, .most = 50ms, .keeps = 2s});
  for (int i = 0; i < 3; ++i) EXPECT_TRUE(buckets.take("a", kStart).may_pass);
  const auto refused = buckets.take("a", kStart);
  EXPECT_FALSE(refused.may_pass);
  EXPECT_EQ(refused.wait, 100ms);
  EXPECT_TRUE(buckets.take("b", kStart).may_pass) << "sources have buckets of their own";

  const auto soon = buckets.take("a", kStart + 60ms);  // 0.6 of a token is there
  EXPECT_TRUE(soon.may_pass);
  EXPECT_NEAR(std::chrono::duration<double>(soon.wait).count(), 0.04, 1e-6);
  EXPECT_FALSE(buckets.take("a", kStart + 60ms).may_pass) << "that token is promised already";
  EXPECT_TRUE(buckets.take("a", kStart + 1h).may_pass);
}

TEST(TokenBuckets, AnotherWorkersClockMayBeBehind) {
  TokenBuckets buckets({.rate = 1, .burst = 1, .most = 0s, .keeps = 2s});
  EXPECT_TRUE(buckets.take("a", kStart).may_pass);
  EXPECT_FALSE(buckets.take("a", kStart - 10s).may_pass);
  EXPECT_TRUE(buckets.take("a", kStart + 1s).may_pass);
}

TEST(TokenBuckets, ManySourcesAreForgotten) {
  TokenBuckets buckets({.rate = 1, .burst = 1, .most = 0s, .keeps = 2s});
  for (size_t i = 0; i < 3 * TokenBuckets::kMost; ++i) ASSERT_TRUE(buckets.take(std::to_string(i), kStart).may_pass);
  EXPECT_FALSE(buckets.take(std::to_string(3 * TokenBuckets::kMost - 1), kStart).may_pass);
}

}  // namespace
}  // namespace fl::proxy::middleware
