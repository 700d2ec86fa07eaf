#include "proxy/service/turns.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <map>
#include <thread>

namespace fl::proxy {
namespace {

std::map<uint32_t, int> shares(const TurnOrder& order, uint64_t turns) {
  std::map<uint32_t, int> out;
  for (uint64_t i = 0; i < turns; ++i) ++out[order.at(i)];
  return out;
}

TEST(TurnOrder, SharesAreTheWeights) {
  const std::vector<int64_t> weights{3, 1, 0, -2, 4};
  EXPECT_EQ(shares(TurnOrder(weights, 7), 8), (std::map<uint32_t, int>{{0, 3}, {1, 1}, {4, 4}}));
}

TEST(TurnOrder, CommonFactorsDoNotLengthenTheRound) {
  const std::vector<int64_t> weights{300, 100};
  EXPECT_EQ(shares(TurnOrder(weights, 1), 4), (std::map<uint32_t, int>{{0, 3}, {1, 1}}));
}

TEST(TurnOrder, NobodyHasATurn) {
  EXPECT_TRUE(TurnOrder(std::vector<int64_t>{}, 1).empty());
  EXPECT_TRUE(TurnOrder(std::vector<int64_t>{0, 0}, 1).empty());
}

TEST(TurnOrder, IsSpreadEvenly) {
  const std::vector<int64_t> weights{5, 1, 1};
  const TurnOrder order(weights, 3);
  int longest = 0, run = 0;
  for (uint64_t i = 0; i < 70; ++i) {
    run = order.at(i) == 0 ? run + 1 : 0;
    longest = std::max(longest, run);
  }
  EXPECT_LE(longest, 5);
  EXPECT_EQ(shares(order, 7)[1], 1);
}

TEST(TurnOrder, HugeWeightsAreRounded) {
  const std::vector<int64_t> weights{INT64_MAX / 2, 1, INT64_MAX / 2};
  const auto got = shares(TurnOrder(weights, 1), 65'537);
  EXPECT_NEAR(got.at(0), got.at(2), 1);
  EXPECT_GE(got.at(1), 1);
}

TEST(TurnOrder, WhoBeginsDependsOnTheSeed) {
  const std::vector<int64_t> weights(16, 1);
  std::map<uint32_t, int> first;
  for (uint64_t seed = 1; seed <= 64; ++seed) ++first[TurnOrder(weights, seed).at(0)];
  EXPECT_GT(first.size(), 4U);
}

TEST(TurnLease, WorkersAlternateWhileNotBusy) {
  TurnCursor cursor(std::make_shared<SlotTable>([](uint32_t) {}));
  TurnLease a, b;
  TimePoint now{};
  for (uint64_t i = 0; i < 20; i += 2) {
    now += 1ms;
    EXPECT_EQ(a.take(cursor, now), i);
    EXPECT_EQ(b.take(cursor, now), i + 1);
  }
}

TEST(TurnLease, ABusyWorkerTakesBlocksAndNoTurnTwice) {
  TurnCursor cursor(std::make_shared<SlotTable>([](uint32_t) {}));
  std::vector<std::vector<uint64_t>> taken(2);
  std::vector<std::thread> threads;
  for (auto& mine : taken)
    threads.emplace_back([&cursor, &mine] {
      TurnLease lease;
      for (int i = 0; i < 10'000; ++i) mine.push_back(lease.take(cursor, TimePoint{}));
    });
  for (auto& thread : threads) thread.join();
  std::vector<uint64_t> all = taken[0];
  all.insert(all.end(), taken[1].begin(), taken[1].end());
  std::ranges::sort(all);
  EXPECT_EQ(std::ranges::adjacent_find(all), all.end());
}

}  // namespace
}  // namespace fl::proxy
