#include "net/stop.h"

#include "support/loop_fixture.h"

namespace fl::net {
namespace {

class Stop : public testing::LoopFixture {
 protected:
  StopSource stop;
  std::string log;

  Task<> sleeper(std::string name, Duration d) {
    const bool slept = co_await sleep_for(d, stop);
    log += name + (slept ? " slept;" : " stopped;");
  }
};

TEST_F(Stop, SleepsUntilTheTimeHasCome) {
  spawn(sleeper("b", 20s));
  spawn(sleeper("a", 10s));
  pass(9999ms);
  EXPECT_EQ(log, "");
  pass(1ms);
  EXPECT_EQ(log, "a slept;");
  pass(10s);
  EXPECT_EQ(log, "a slept;b slept;");
}

TEST_F(Stop, StopsAllAndThoseThatComeLater) {
  spawn(sleeper("a", 10s));
  spawn(sleeper("b", 20s));
  stop.request_stop();
  stop.request_stop();
  EXPECT_EQ(log, "");  // nobody is resumed under the caller's feet
  quiesce();
  EXPECT_EQ(log.size(), std::string("a stopped;b stopped;").size());
  spawn(sleeper("c", 1s));
  EXPECT_TRUE(log.ends_with("c stopped;"));
  pass(1h);
  EXPECT_EQ(log.size(), std::string("a stopped;b stopped;c stopped;").size());
}

TEST_F(Stop, TimeAndStopInOneTurn) {
  spawn(sleeper("a", 10s));
  loop.post([this] { stop.request_stop(); });
  pass(10s);
  EXPECT_EQ(log, "a stopped;");  // once, and the stop wins
}

TEST_F(Stop, WaitersUnhookWhenTheyGo) {
  struct Waiter final : StopWaiter {
    int& told;
    explicit Waiter(int& t) : told(t) {}
    void on_stop() noexcept override { ++told; }
  };
  int told = 0;
  auto a = std::make_unique<Waiter>(told), b = std::make_unique<Waiter>(told), c = std::make_unique<Waiter>(told);
  for (auto* w : {a.get(), b.get(), c.get()}) stop.hook(*w);
  b.reset();
  c.reset();
  stop.request_stop();
  EXPECT_EQ(told, 1);
}

TEST_F(Stop, SourceMayGoFirst) {
  struct Waiter final : StopWaiter {
    void on_stop() noexcept override { FAIL(); }
  } waiter;
  {
    StopSource source;
    source.hook(waiter);
  }
}

}  // namespace
}  // namespace fl::net
