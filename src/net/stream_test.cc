#include "net/stream.h"

#include "support/loop_fixture.h"

namespace fl::net {
namespace {

class StreamTest : public testing::LoopFixture {
 protected:
  StreamTest() { std::tie(stream, peer) = make_pair(); }

  // One fill; its result, or nothing while it waits.
  struct Outcome {
    std::optional<ssize_t> result;
  };
  Task<> read_once(Outcome& out) { out.result = co_await stream->fill(in); }
  Task<> write_once(std::string_view text, Outcome& out) { out.result = co_await stream->write(text); }

  std::unique_ptr<TcpStream> stream;
  std::unique_ptr<testing::Peer> peer;
  InBuffer in;
  Outcome read, written;
};

TEST_F(StreamTest, ReadsWhatComesAndTheEnd) {
  spawn(read_once(read));
  quiesce();
  EXPECT_FALSE(read.result);
  peer->send("hello");
  ASSERT_TRUE(turn_until([&] { return read.result.has_value(); }));
  EXPECT_EQ(*read.result, 5);
  EXPECT_EQ(in.view(), "hello");
  peer->half_close();
  Outcome end;
  spawn(read_once(end));
  ASSERT_TRUE(turn_until([&] { return end.result.has_value(); }));
  EXPECT_EQ(*end.result, 0);
  EXPECT_TRUE(stream->hung_up());
  EXPECT_FALSE(stream->broken());
  spawn(write_once("still", written));
  EXPECT_EQ(receive_until(*peer, "still"), "still");
}

TEST_F(StreamTest, BytesBeforeTheEndAreNotLost) {
  spawn(read_once(read));
  quiesce();
  peer->send(std::string(200000, 'x'));
  peer->close();
  ASSERT_TRUE(turn_until([&] { return read.result.has_value(); }));
  for (;;) {
    Outcome next;
    spawn(read_once(next));
    ASSERT_TRUE(turn_until([&] { return next.result.has_value(); }));
    if (*next.result <= 0) {
      EXPECT_EQ(*next.result, 0);
      break;
    }
  }
  EXPECT_EQ(in.size(), 200000U);
}

TEST_F(StreamTest, Reset) {
  spawn(read_once(read));
  quiesce();
  peer->reset();
  ASSERT_TRUE(turn_until([&] { return read.result.has_value(); }));
  EXPECT_EQ(*read.result, -ECONNRESET);
  EXPECT_TRUE(stream->broken());
}

TEST_F(StreamTest, ReadDeadline) {
  stream->set_read_deadline(loop.now() + 5s);
  spawn(read_once(read));
  pass(4999ms);
  EXPECT_FALSE(read.result);
  stream->set_read_deadline(loop.now() + 5s);  // later: the timer that goes off in between does not count
  pass(4s);
  EXPECT_FALSE(read.result);
  stream->set_read_deadline(loop.now() + 500ms);  // sooner
  pass(500ms);
  ASSERT_TRUE(read.result);
  EXPECT_EQ(*read.result, -ETIMEDOUT);
  // The deadline has passed, but what is there is read all the same.
  peer->send("x");
  quiesce();
  Outcome late;
  spawn(read_once(late));
  ASSERT_TRUE(turn_until([&] { return late.result.has_value(); }));
  EXPECT_EQ(*late.result, 1);
}

TEST_F(StreamTest, CancelCompletesAndStays) {
  spawn(read_once(read));
  stream->cancel();
  EXPECT_FALSE(read.result);  // not under the caller's feet
  quiesce();
  ASSERT_TRUE(read.result);
  EXPECT_EQ(*read.result, -ECANCELED);
  Outcome again;
  spawn(read_once(again));
  EXPECT_EQ(again.result, -ECANCELED);
  spawn(write_once("x", written));
  EXPECT_EQ(written.result, -ECANCELED);
  stream->uncancel();
  peer->send("y");
  Outcome fine;
  spawn(read_once(fine));
  ASSERT_TRUE(turn_until([&] { return fine.result.has_value(); }));
  EXPECT_EQ(*fine.result, 1);
}

TEST_F(StreamTest, BigWritesWaitForTheReader) {
  const std::string big(16 << 20, 'b');
  peer->stop_reading();
  spawn(write_once(big, written));
  quiesce();
  EXPECT_FALSE(written.result);
  peer->go_on_reading();
  ASSERT_TRUE(turn_until([&] { return written.result.has_value(); }));
  EXPECT_EQ(*written.result, 0);
  ASSERT_TRUE(turn_until([&] { return peer->received.size() == big.size(); }));
  EXPECT_EQ(peer->received, big);
}

TEST_F(StreamTest, WritesSeveralPiecesInOrder) {
  const std::string big(3 << 20, 'c');
  peer->stop_reading();
  const auto write = [](Stream& s, std::string_view middle, Outcome& out) -> Task<> {
    out.result = co_await s.write({"<", "", middle, ">"});
  };
  spawn(write(*stream, big, written));
  peer->go_on_reading();
  ASSERT_TRUE(turn_until([&] { return peer->received.size() == big.size() + 2; }));
  EXPECT_EQ(peer->received, "<" + big + ">");
  EXPECT_EQ(written.result, 0);
}

TEST_F(StreamTest, WriteDeadlineAndBrokenPeer) {
  const std::string big(64 << 20, 'b');
  peer->stop_reading();
  stream->set_write_deadline(loop.now() + 1s);
  spawn(write_once(big, written));
  quiesce();
  EXPECT_FALSE(written.result);
  pass(1s);
  EXPECT_EQ(written.result, -ETIMEDOUT);
  stream->set_write_deadline(Stream::kNever);
  Outcome broken;
  spawn(write_once(big, broken));
  quiesce();
  EXPECT_FALSE(broken.result);
  peer->reset();
  ASSERT_TRUE(turn_until([&] { return broken.result.has_value(); }));
  EXPECT_LT(*broken.result, 0);
}

TEST_F(StreamTest, ReadingAndWritingAtOnce) {
  const std::string big(4 << 20, 'b');
  peer->stop_reading();
  spawn(write_once(big, written));
  spawn(read_once(read));
  peer->send("x");
  ASSERT_TRUE(turn_until([&] { return read.result.has_value(); }));
  EXPECT_FALSE(written.result);
  peer->go_on_reading();
  ASSERT_TRUE(turn_until([&] { return written.result.has_value(); }));
  EXPECT_EQ(*written.result, 0);
}

TEST_F(StreamTest, HangupListenerHearsOnce) {
  struct Listener final : HangupListener {
    int told = 0;
    void on_hangup(Stream&) noexcept override { ++told; }
  } listener;
  stream->watch();
  stream->set_hangup_listener(&listener);
  peer->send("data is no hangup");
  quiesce();
  EXPECT_EQ(listener.told, 0);
  peer->half_close();
  ASSERT_TRUE(turn_until([&] { return listener.told > 0; }));
  peer->reset();
  quiesce();
  EXPECT_EQ(listener.told, 1);
}

TEST_F(StreamTest, HangupListenerMayDestroyTheStream) {
  struct Listener final : HangupListener {
    std::unique_ptr<TcpStream>& victim;
    explicit Listener(std::unique_ptr<TcpStream>& v) : victim(v) {}
    void on_hangup(Stream&) noexcept override { victim.reset(); }
  } listener(stream);
  stream->watch();
  stream->set_hangup_listener(&listener);
  peer->close();
  ASSERT_TRUE(turn_until([&] { return stream == nullptr; }));
}

// The resumed reader destroys the stream while its writer's turn would come next, and another whose event is pending.
TEST_F(StreamTest, ReaderMayDestroyStreams) {
  auto [other, other_peer] = make_pair();
  other->watch();
  quiesce();
  const auto read = [](std::unique_ptr<TcpStream>& mine, std::unique_ptr<TcpStream>& theirs,
                       InBuffer& buffer) -> Task<> {
    co_await mine->fill(buffer);
    mine.reset();
    theirs.reset();
  };
  spawn(read(stream, other, in));
  peer->send("x");
  other_peer->send("y");
  ASSERT_TRUE(turn_until([&] { return stream == nullptr && other == nullptr; }));
  quiesce();
}

TEST_F(StreamTest, IdleOrNot) {
  stream->watch();
  quiesce();
  EXPECT_TRUE(stream->is_idle());
  peer->send("x");
  ASSERT_TRUE(turn_until([&] { return stream->may_read(); }));
  EXPECT_FALSE(stream->is_idle());
  spawn(read_once(read));
  EXPECT_EQ(read.result, 1);
  EXPECT_TRUE(stream->is_idle());
  peer->close();
  ASSERT_TRUE(turn_until([&] { return stream->hung_up(); }));
  EXPECT_FALSE(stream->is_idle());
}

TEST_F(StreamTest, ReleasedDescriptorIsNoLongerWatched) {
  stream->watch();
  const int fd = stream->release();
  peer->send("x");
  quiesce();
  EXPECT_FALSE(stream->may_read());
  stream.reset();
  char byte = 0;
  EXPECT_EQ(::recv(fd, &byte, 1, 0), 1);
  ::close(fd);
}

// As while another thread starts a program: its child has a copy of every descriptor until it executes.
TEST_F(StreamTest, HearsNothingMoreWhenACopyOfItsDescriptorLivesOn) {
  stream->watch();
  const int copy = ::dup(stream->fd());
  stream.reset();
  peer->send("x");
  quiesce();
  ::close(copy);
}

class Connect : public testing::LoopFixture {
 protected:
  struct Outcome {
    std::unique_ptr<TcpStream> stream;
    int error = 1;
  };
  Task<> connect_once(SocketAddress to, TimePoint deadline, Outcome& out) {
    int error = 0;
    out.stream = co_await connect(to, deadline, &error);
    out.error = error;
  }
  Outcome outcome;
};

TEST_F(Connect, ToAListener) {
  testing::Origin origin(loop);
  spawn(connect_once(origin.address(), Stream::kNever, outcome));
  ASSERT_TRUE(turn_until([&] { return outcome.error <= 0; }));
  EXPECT_EQ(outcome.error, 0);
  ASSERT_NE(outcome.stream, nullptr);
  auto peer = accept_at(origin);
  peer->close();
  ASSERT_TRUE(turn_until([&] { return outcome.stream->hung_up(); }));
}

TEST_F(Connect, Refused) {
  testing::Origin origin(loop);
  origin.stop_listening();
  spawn(connect_once(origin.address(), Stream::kNever, outcome));
  ASSERT_TRUE(turn_until([&] { return outcome.error <= 0; }));
  EXPECT_EQ(outcome.error, -ECONNREFUSED);
  EXPECT_EQ(outcome.stream, nullptr);
}

// A listener whose backlog is full lets nobody in and says nothing.
TEST_F(Connect, DeadlineAndSilence) {
  const int listener = *listen_tcp("127.0.0.1", 0, {.backlog = 0});
  const auto address = *local_address(listener);
  std::vector<std::unique_ptr<testing::Peer>> fill;
  fill.push_back(connect_to(address.port));
  spawn(connect_once(address, loop.now() + 3s, outcome));
  pass(2999ms);
  if (outcome.error == 1) {
    pass(1ms);
    EXPECT_EQ(outcome.error, -ETIMEDOUT);
  }
  ::close(listener);
}

}  // namespace
}  // namespace fl::net
