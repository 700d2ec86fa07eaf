#include "net/relay.h"

#include <csignal>

#include "support/loop_fixture.h"
#include "support/pattern.h"

namespace fl::net {
namespace {

using fl::testing::pattern;

class RelayTest : public testing::LoopFixture {
 protected:
  RelayTest() {
    std::signal(SIGPIPE, SIG_IGN);  // splice() has no MSG_NOSIGNAL; the program ignores it as well
    std::tie(a, a_peer) = make_pair();
    std::tie(b, b_peer) = make_pair();
  }
  ~RelayTest() override {
    a->cancel();
    b->cancel();
    quiesce();
    EXPECT_TRUE(done);
  }
  void start(RelayLimits limits = {}) {
    done = false;
    spawn(run(limits));
  }
  Task<> run(RelayLimits limits) {
    bytes = co_await relay(*a, a_in, *b, b_in, limits);
    done = true;
  }
  std::unique_ptr<TcpStream> a, b;
  std::unique_ptr<testing::Peer> a_peer, b_peer;
  InBuffer a_in, b_in;
  RelayBytes bytes;
  bool done = true;
};

TEST_F(RelayTest, SmallAndLargeBothWays) {
  start();
  a_peer->send("hello");
  EXPECT_EQ(receive_until(*b_peer, "hello"), "hello");
  const std::string there = pattern(5 << 20), here = pattern(2 << 20);
  a_peer->send(there);
  b_peer->send(here);
  ASSERT_TRUE(
      turn_until([&] { return b_peer->received.size() == there.size() && a_peer->received.size() == here.size(); }));
  EXPECT_EQ(b_peer->take(), there);
  EXPECT_EQ(a_peer->take(), here);
  b_peer->send("small again");
  EXPECT_EQ(receive_until(*a_peer, "again"), "small again");
  a_peer->half_close();
  b_peer->half_close();
  ASSERT_TRUE(turn_until([&] { return done; }));
  EXPECT_EQ(bytes.to_second, there.size() + 5);
  EXPECT_EQ(bytes.to_first, here.size() + 11);
}

TEST_F(RelayTest, WhatWasBufferedGoesFirst) {
  a_in.append("first ");
  start();
  a_peer->send("second");
  EXPECT_EQ(receive_until(*b_peer, "second"), "first second");
}

TEST_F(RelayTest, HalfCloseIsPassedOnAndTheOtherWayGoesOn) {
  start();
  a_peer->send("question");
  a_peer->half_close();
  EXPECT_EQ(receive_to_end(*b_peer), "question");
  b_peer->send(pattern(1 << 20));
  ASSERT_TRUE(turn_until([&] { return a_peer->received.size() == 1 << 20; }));
  EXPECT_FALSE(done);
  b_peer->half_close();
  ASSERT_TRUE(turn_until([&] { return done; }));
}

TEST_F(RelayTest, TerminationDelayEndsTheOtherWay) {
  start({.termination_delay = 100ms});
  a_peer->half_close();
  ASSERT_TRUE(turn_until([&] { return b_peer->ended; }));
  b_peer->send("still");
  EXPECT_EQ(receive_until(*a_peer, "still"), "still");
  pass(99ms);
  EXPECT_FALSE(done);
  pass(20ms);
  EXPECT_TRUE(turn_until([&] { return done; }));
}

TEST_F(RelayTest, IdleEndsBothOnlyWhenNeitherSends) {
  start({.idle = 10s});
  for (int i = 0; i < 4; ++i) {  // one way is busy: the other may be silent
    pass(6s);
    b_peer->send("x");
    EXPECT_EQ(receive_until(*a_peer, "x"), "x");
  }
  pass(9s);
  EXPECT_FALSE(done);
  pass(2s);
  EXPECT_TRUE(turn_until([&] { return done; }));
}

TEST_F(RelayTest, ASideThatTakesNothingIsIdle) {
  start({.idle = 10s});
  b_peer->stop_reading();
  a_peer->send(pattern(32 << 20));
  quiesce();
  pass(9s);
  EXPECT_FALSE(done);
  pass(12s);
  EXPECT_TRUE(turn_until([&] { return done; }));
}

TEST_F(RelayTest, AResetEndsBoth) {
  start();
  a_peer->send("x");
  EXPECT_EQ(receive_until(*b_peer, "x"), "x");
  a_peer->reset();
  ASSERT_TRUE(turn_until([&] { return done; }));
}

}  // namespace
}  // namespace fl::net
