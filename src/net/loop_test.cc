#include "net/loop.h"

#include <atomic>
#include <thread>

#include "support/loop_fixture.h"

namespace fl::net {
namespace {

// Letters of several threads: none is lost, those of one thread keep their order, all run on the loop's thread.
TEST(Loop, PostFromManyThreads) {
  Loop loop;
  constexpr int kThreads = 4, kLetters = 2000;
  std::vector<int> seen(kThreads, 0);
  int done = 0;
  std::vector<std::thread> threads;
  const auto home = std::this_thread::get_id();
  for (int t = 0; t < kThreads; ++t)
    threads.emplace_back([&, t] {
      for (int i = 0; i < kLetters; ++i)
        loop.post([&, t, i] {
          EXPECT_EQ(std::this_thread::get_id(), home);
          EXPECT_EQ(seen[static_cast<size_t>(t)]++, i);
          if (i + 1 == kLetters && ++done == kThreads) loop.stop();
        });
    });
  loop.run();
  for (auto& thread : threads) thread.join();
  EXPECT_EQ(done, kThreads);
}

TEST(Loop, StopBeforeRunAndFromAnotherThread) {
  Loop loop;
  loop.stop();
  loop.run();
  std::thread other([&loop] { loop.stop(); });
  loop.run();
  other.join();
}

using LoopTurns = testing::LoopFixture;

TEST_F(LoopTurns, ThoseThatGiveWayComeBackNextTurn) {
  int rounds = 0;
  const auto busy = [](int& n) -> Detached {
    for (; n < 3; ++n) co_await yield();
  };
  busy(rounds);
  EXPECT_EQ(rounds, 0);
  loop.turn(true);  // does not wait: somebody gave way
  EXPECT_EQ(rounds, 1);
  loop.turn(true);
  loop.turn(true);
  EXPECT_EQ(rounds, 3);
}

TEST_F(LoopTurns, LettersMayPostLetters) {
  int n = 0;
  loop.post([&] {
    ++n;
    loop.post([&] { ++n; });
  });
  quiesce();
  EXPECT_EQ(n, 2);
}

TEST_F(LoopTurns, TimeStandsStillWithinATurn) {
  const TimePoint now = loop.now();
  const WallTime wall = loop.wall();
  clock.elapsed += 1s;
  EXPECT_EQ(loop.now(), now);
  EXPECT_EQ(loop.wall(), wall);
  loop.turn(false);
  EXPECT_EQ(loop.now(), now + 1s);
  EXPECT_EQ(loop.wall(), wall + 1s);
}

}  // namespace
}  // namespace fl::net
