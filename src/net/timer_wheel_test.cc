#include "net/timer_wheel.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <functional>
#include <memory>
#include <random>
#include <vector>

namespace fl::net {
namespace {

const TimePoint kStart = TimePoint(1h);

struct Alarm : Timer {
  explicit Alarm(std::function<void(Alarm&)> f = {})
      : Timer([](Timer& t) { static_cast<Alarm&>(t).ring(); }), on_ring(std::move(f)) {}
  void ring() {
    ++rings;
    if (on_ring) on_ring(*this);
  }
  std::function<void(Alarm&)> on_ring;
  int rings = 0;
};

TEST(TimerWheel, NothingArmed) {
  TimerWheel wheel(kStart);
  EXPECT_FALSE(wheel.next());
  wheel.advance(kStart + 24h);
  EXPECT_FALSE(wheel.next());
}

TEST(TimerWheel, RingsAtTheDeadlineNotBefore) {
  for (const Duration d : {Duration(1), Duration(1ms), Duration(1ms + 1ns), Duration(63ms), Duration(64ms),
                           Duration(65ms), Duration(4095ms), Duration(4096ms), Duration(1h), Duration(24h * 400)}) {
    TimerWheel wheel(kStart);
    Alarm alarm;
    wheel.set(alarm, kStart + d);
    const auto whole = std::chrono::ceil<std::chrono::milliseconds>(d);
    wheel.advance(kStart + whole - 1ns);
    EXPECT_EQ(alarm.rings, 0) << d.count();
    wheel.advance(kStart + whole);
    EXPECT_EQ(alarm.rings, 1) << d.count();
    EXPECT_FALSE(alarm.armed());
  }
}

TEST(TimerWheel, DeadlineInThePastRingsAtTheNextTick) {
  TimerWheel wheel(kStart);
  wheel.advance(kStart + 10s);
  Alarm alarm;
  wheel.set(alarm, kStart);
  ASSERT_TRUE(wheel.next());
  EXPECT_LE(*wheel.next(), kStart + 10s + 1ms);
  wheel.advance(kStart + 10s + 1ms);
  EXPECT_EQ(alarm.rings, 1);
}

TEST(TimerWheel, FarAndEndlessDeadlines) {
  TimerWheel wheel(kStart);
  Alarm far, never;
  wheel.set(far, kStart + 24h * 365 * 5);  // beyond the wheel's range
  wheel.set(never, TimePoint::max());
  wheel.advance(kStart + 24h * 365 * 5 - 1ms);
  EXPECT_EQ(far.rings, 0);
  wheel.advance(kStart + 24h * 365 * 5);
  EXPECT_EQ(far.rings, 1);
  EXPECT_EQ(never.rings, 0);
  EXPECT_TRUE(never.armed());
}

// The top level comes round every 2^36 ms; a timer across that moment is as good as any.
TEST(TimerWheel, AcrossTheTopLevelsTurn) {
  TimerWheel wheel(kStart);
  const TimePoint turn = kStart + 1ms * (1ULL << 36);
  wheel.advance(turn - 10ms);
  Alarm alarm;
  wheel.set(alarm, turn + 1s);
  wheel.advance(turn + 999ms);
  EXPECT_EQ(alarm.rings, 0);
  wheel.advance(turn + 1s);
  EXPECT_EQ(alarm.rings, 1);
}

TEST(TimerWheel, SettingAgainMovesAndDestructionCancels) {
  TimerWheel wheel(kStart);
  Alarm alarm;
  wheel.set(alarm, kStart + 10ms);
  wheel.set(alarm, kStart + 20ms);
  {
    Alarm dead;
    wheel.set(dead, kStart + 5ms);
  }
  wheel.advance(kStart + 19ms);
  EXPECT_EQ(alarm.rings, 0);
  wheel.advance(kStart + 20ms);
  EXPECT_EQ(alarm.rings, 1);
}

TEST(TimerWheel, CallbacksMaySetCancelAndDestroy) {
  TimerWheel wheel(kStart);
  auto victim = std::make_unique<Alarm>();
  Alarm cancelled;
  int again = 0;
  Alarm actor([&](Alarm& self) {
    victim.reset();
    cancelled.cancel();
    if (++again < 3) wheel.set(self, kStart);  // in the past: not in this very tick, or it would never end
  });
  auto self_destroying = std::make_unique<Alarm>();
  self_destroying->on_ring = [&](Alarm&) {
    const auto f = std::move(self_destroying->on_ring);  // outlives its timer
    self_destroying.reset();
  };
  wheel.set(actor, kStart + 7ms);
  wheel.set(*victim, kStart + 7ms);
  wheel.set(cancelled, kStart + 7ms);
  wheel.set(*self_destroying, kStart + 7ms);
  wheel.advance(kStart + 7ms);
  EXPECT_EQ(again, 1);
  EXPECT_EQ(cancelled.rings, 0);
  EXPECT_EQ(self_destroying, nullptr);
  wheel.advance(kStart + 100ms);
  EXPECT_EQ(again, 3);
  EXPECT_FALSE(wheel.next());
}

TEST(TimerWheel, WheelMayGoBeforeItsTimers) {
  Alarm alarm;
  {
    TimerWheel wheel(kStart);
    wheel.set(alarm, kStart + 1s);
  }
  EXPECT_FALSE(alarm.armed());
}

// Against a plain list: no timer rings early, none late by a tick, and next() is never after the first deadline.
TEST(TimerWheel, LikeAReference) {
  std::mt19937_64 random(20261121);
  for (int round = 0; round < 20; ++round) {
    TimerWheel wheel(kStart);
    TimePoint now = kStart;
    std::vector<std::unique_ptr<Alarm>> alarms;
    std::vector<TimePoint> deadlines(100);
    for (int i = 0; i < 100; ++i) alarms.push_back(std::make_unique<Alarm>());
    for (int step = 0; step < 2000; ++step) {
      const size_t i = random() % alarms.size();
      const auto magnitude = random() % 32;
      switch (random() % 4) {
        case 0:
        case 1:
          deadlines[i] = now + 1ms * (random() % (1ULL << magnitude));
          wheel.set(*alarms[i], deadlines[i]);
          break;
        case 2: alarms[i]->cancel(); break;
        default: {
          std::vector<bool> armed;
          for (const auto& a : alarms) {
            armed.push_back(a->armed());
            a->rings = 0;
          }
          TimePoint first = TimePoint::max();
          for (size_t k = 0; k < alarms.size(); ++k)
            if (armed[k]) first = std::min(first, std::max(deadlines[k], now + 1ms));
          if (const auto next = wheel.next())
            ASSERT_LE(*next, first);
          else
            ASSERT_EQ(first, TimePoint::max());
          const TimePoint before = now;
          now += 1ms * (random() % (1ULL << (random() % 28)));
          wheel.advance(now);
          for (size_t k = 0; k < alarms.size(); ++k) {
            const bool due = armed[k] && deadlines[k] <= now && now > before;
            ASSERT_EQ(alarms[k]->rings, due ? 1 : 0) << "round " << round << " step " << step;
            ASSERT_EQ(alarms[k]->armed(), armed[k] && !due);
          }
        }
      }
    }
  }
}

// Going where next() says is enough: nothing rings late.
TEST(TimerWheel, FollowingNextIsNeverLate) {
  std::mt19937_64 random(7);
  TimerWheel wheel(kStart);
  std::vector<std::unique_ptr<Alarm>> alarms;
  TimePoint now = kStart;
  for (int i = 0; i < 500; ++i) {
    const TimePoint deadline = kStart + 1ms * (1 + random() % (1ULL << (random() % 30)));
    alarms.push_back(std::make_unique<Alarm>([&now, deadline](Alarm&) { EXPECT_EQ(now, deadline); }));
    wheel.set(*alarms.back(), deadline);
  }
  while (const auto next = wheel.next()) {
    ASSERT_GT(*next, now);
    wheel.advance(now = *next);
  }
  EXPECT_TRUE(std::ranges::all_of(alarms, [](const auto& a) { return a->rings == 1; }));
}

}  // namespace
}  // namespace fl::net
