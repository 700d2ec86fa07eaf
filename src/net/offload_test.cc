#include "net/offload.h"

#include <mutex>
#include <thread>

#include "support/loop_fixture.h"

namespace fl::net {
namespace {

class OffloadTest : public testing::LoopFixture {};

TEST_F(OffloadTest, WorksElsewhereAndComesBack) {
  const auto home = std::this_thread::get_id();
  std::thread::id worked, back;
  const auto run = [&]() -> Task<> {
    EXPECT_TRUE(co_await offload([&] { worked = std::this_thread::get_id(); }));
    back = std::this_thread::get_id();
  };
  spawn(run());
  ASSERT_TRUE(turn_until([&] { return back != std::thread::id(); }));
  EXPECT_EQ(back, home);
  EXPECT_NE(worked, home);
}

TEST_F(OffloadTest, RefusesWhatWouldWaitTooLong) {
  std::mutex gate;
  std::unique_lock closed(gate);
  int done = 0, refused = 0;
  const auto run = [&]() -> Task<> {
    const bool taken = co_await offload([&] { const std::lock_guard pass(gate); });
    ++(taken ? done : refused);
  };
  for (int i = 0; i < 300; ++i) spawn(run());
  EXPECT_GT(refused, 0);
  EXPECT_EQ(done, 0);
  closed.unlock();
  ASSERT_TRUE(turn_until([&] { return done + refused == 300; }));
}

}  // namespace
}  // namespace fl::net
