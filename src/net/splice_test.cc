#include <csignal>

#include "net/stream.h"
#include "support/loop_fixture.h"
#include "support/pattern.h"

namespace fl::net {
namespace {

using fl::testing::pattern;

class Splice : public testing::LoopFixture {
 protected:
  Splice() {
    std::signal(SIGPIPE, SIG_IGN);  // splice() has no MSG_NOSIGNAL; the program ignores it as well
    std::tie(a, a_peer) = make_pair();
    std::tie(b, b_peer) = make_pair();
  }
  struct Outcome {
    SpliceResult result;
    bool done = false;
  };
  Task<> move(TcpStream& from, TcpStream& to, uint64_t bytes, Outcome& outcome) {
    outcome.result = co_await splice(from, to, bytes);
    outcome.done = true;
  }
  std::unique_ptr<TcpStream> a, b;
  std::unique_ptr<testing::Peer> a_peer, b_peer;
  Outcome out, back;
};

TEST_F(Splice, BothDirectionsAtOnce) {
  const std::string there = pattern(3 << 20), here = pattern(1 << 20);
  spawn(move(*a, *b, there.size(), out));
  spawn(move(*b, *a, here.size(), back));
  a_peer->send(there);
  b_peer->send(here);
  ASSERT_TRUE(turn_until([&] { return out.done && back.done; }));
  EXPECT_EQ(out.result.moved, there.size());
  EXPECT_EQ(back.result.moved, here.size());
  ASSERT_TRUE(
      turn_until([&] { return b_peer->received.size() == there.size() && a_peer->received.size() == here.size(); }));
  EXPECT_EQ(b_peer->received, there);
  EXPECT_EQ(a_peer->received, here);
}

TEST_F(Splice, TakesNotAByteMore) {
  spawn(move(*a, *b, 100000, out));
  a_peer->send(pattern(100000) + "next message");
  ASSERT_TRUE(turn_until([&] { return out.done; }));
  InBuffer in;
  std::optional<ssize_t> rest;
  const auto read = [](Stream& s, InBuffer& buffer, std::optional<ssize_t>& n) -> Task<> {
    n = co_await s.fill(buffer);
  };
  spawn(read(*a, in, rest));
  ASSERT_TRUE(turn_until([&] { return rest.has_value(); }));
  EXPECT_EQ(in.view(), "next message");
}

TEST_F(Splice, SlowReaderHoldsItUp) {
  const std::string all = pattern(16 << 20);
  b_peer->stop_reading();
  spawn(move(*a, *b, all.size(), out));
  a_peer->send(all);
  quiesce();
  EXPECT_FALSE(out.done);
  EXPECT_FALSE(a_peer->has_sent_all());  // the pipe and the kernel's buffers hold only so much
  b_peer->go_on_reading();
  ASSERT_TRUE(turn_until([&] { return b_peer->received.size() == all.size(); }));
  EXPECT_EQ(b_peer->received, all);
  EXPECT_TRUE(out.done);
}

TEST_F(Splice, EndsEarly) {
  spawn(move(*a, *b, 1 << 20, out));
  a_peer->send(pattern(300000));
  a_peer->half_close();
  ASSERT_TRUE(turn_until([&] { return out.done; }));
  EXPECT_EQ(out.result.moved, 300000U);
  EXPECT_EQ(out.result.from_error, 0);
  EXPECT_EQ(out.result.to_error, 0);
}

TEST_F(Splice, SourceIsReset) {
  spawn(move(*a, *b, 1 << 20, out));
  quiesce();
  a_peer->reset();
  ASSERT_TRUE(turn_until([&] { return out.done; }));
  EXPECT_EQ(out.result.from_error, -ECONNRESET);
}

TEST_F(Splice, SinkIsBroken) {
  b_peer->stop_reading();
  spawn(move(*a, *b, 64 << 20, out));
  a_peer->send(pattern(16 << 20));
  quiesce();
  b_peer->reset();
  ASSERT_TRUE(turn_until([&] { return out.done; }));
  EXPECT_LT(out.result.to_error, 0);
  // Its pipe still held bytes: they must not turn up in the next transfer.
  auto [c, c_peer] = make_pair();
  auto [d, d_peer] = make_pair();
  Outcome next;
  spawn(move(*c, *d, 70000, next));
  c_peer->send(pattern(70000));
  ASSERT_TRUE(turn_until([&] { return d_peer->received.size() == 70000; }));
  EXPECT_EQ(d_peer->received, pattern(70000));
}

TEST_F(Splice, CancelAndDeadline) {
  spawn(move(*a, *b, 1000, out));
  a->set_read_deadline(loop.now() + 1s);
  pass(1s);
  ASSERT_TRUE(out.done);
  EXPECT_EQ(out.result.from_error, -ETIMEDOUT);
  a->set_read_deadline(Stream::kNever);
  spawn(move(*a, *b, 1000, back));
  a->cancel_read();
  ASSERT_TRUE(turn_until([&] { return back.done; }));
  EXPECT_EQ(back.result.from_error, -ECANCELED);
}

}  // namespace
}  // namespace fl::net
