#include "providers/aggregator.h"

#include <gtest/gtest.h>

namespace fl::providers {
namespace {

struct FakeClock final : Clock {
  TimePoint time{};
  TimePoint now() const override { return time; }
  WallTime wall() const override { return {}; }
};

Message message(std::string provider, std::string rule, std::vector<config::Issue> issues = {}) {
  auto configuration = std::make_shared<config::dynamic::Configuration>();
  configuration->http.routers["r"].rule = std::move(rule);
  return {.provider = std::move(provider), .configuration = std::move(configuration), .issues = std::move(issues)};
}

class AggregatorTest : public testing::Test {
 protected:
  void pass(Duration time) {
    clock.time += time;
    loop.turn(false);
  }
  // What went through since the last call: "file=a ecs=b", one group a change.
  std::string taken() { return std::exchange(changes, {}); }

  FakeClock clock;
  net::Loop loop{clock};
  std::string changes;
  Aggregator aggregator{loop, 2s, [this](const Aggregator::Current& current) {
                          changes += "(";
                          for (const auto& [name, m] : current)
                            changes += name + "=" + m.configuration->http.routers.at("r").rule + " ";
                          changes.back() = ')';
                        }};
};

TEST_F(AggregatorTest, FirstAtOnceThenNewestAfterTheThrottle) {
  aggregator.send(message("file", "a"));
  EXPECT_EQ(taken(), "(file=a)");
  aggregator.send(message("file", "b"));
  aggregator.send(message("file", "c"));
  pass(1999ms);
  EXPECT_EQ(taken(), "");
  pass(2ms);
  EXPECT_EQ(taken(), "(file=c)");
  aggregator.send(message("file", "d"));  // the gate closed again
  EXPECT_EQ(taken(), "");
  pass(2001ms);
  EXPECT_EQ(taken(), "(file=d)");
  pass(2001ms);
  aggregator.send(message("file", "e"));
  EXPECT_EQ(taken(), "(file=e)");
}

TEST_F(AggregatorTest, NothingNewIsDroppedAndDoesNotCloseTheGate) {
  aggregator.send(message("file", "a"));
  pass(3s);
  taken();
  aggregator.send(message("file", "a"));
  EXPECT_EQ(taken(), "");
  aggregator.send(message("file", "b"));
  EXPECT_EQ(taken(), "(file=b)");
  aggregator.send(message("file", "c"));
  aggregator.send(message("file", "b"));  // back to what holds
  pass(3s);
  EXPECT_EQ(taken(), "");
  aggregator.send(message("file", "b", {{.text = "a new complaint"}}));
  EXPECT_EQ(taken(), "(file=b)");
}

TEST_F(AggregatorTest, ProvidersDoNotWaitForEachOther) {
  aggregator.send(message("file", "a"));
  aggregator.send(message("ecs", "b"));
  EXPECT_EQ(taken(), "(file=a)(ecs=b file=a)");
  aggregator.send_unthrottled(message("internal", "x"));
  aggregator.send_unthrottled(message("internal", "y"));
  aggregator.send_unthrottled(message("internal", "y"));
  EXPECT_EQ(taken(), "(ecs=b file=a internal=x)(ecs=b file=a internal=y)");
}

TEST(Aggregator, WithoutThrottleEverythingPasses) {
  FakeClock clock;
  net::Loop loop(clock);
  int changes = 0;
  Aggregator aggregator(loop, 0s, [&](const auto&) { ++changes; });
  for (const char* rule : {"a", "b", "b", "c"}) aggregator.send(message("file", rule));
  EXPECT_EQ(changes, 3);
}

}  // namespace
}  // namespace fl::providers
