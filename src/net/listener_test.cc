#include "net/listener.h"

#include <fcntl.h>
#include <sys/resource.h>

#include "support/loop_fixture.h"

namespace fl::net {
namespace {

class ListenerTest : public testing::LoopFixture {};

TEST_F(ListenerTest, TakenPortIsToldWithWhatToDo) {
  const int first = *listen_tcp("127.0.0.1", 0);
  const uint16_t port = local_address(first)->port;
  const auto second = listen_tcp("127.0.0.1", port);
  ASSERT_FALSE(second);
  EXPECT_EQ(second.error().code, Code::conflict);
  const std::string where = "127.0.0.1:" + std::to_string(port);
  EXPECT_TRUE(second.error().message.starts_with(where + " is already in use: ")) << second.error().message;
  const auto shared = listen_tcp("127.0.0.1", port, {.probe_taken = false});
  EXPECT_TRUE(shared);
  const auto again = listen_again(first);
  ASSERT_TRUE(again);
  EXPECT_EQ(local_address(*again)->port, port);
  for (const int fd : {first, *shared, *again}) ::close(fd);
  const auto freed = listen_tcp("127.0.0.1", port);
  EXPECT_TRUE(freed);
  ::close(*freed);
}

TEST_F(ListenerTest, BadAddresses) {
  EXPECT_EQ(listen_tcp("example.com", 80).error().message,
            "cannot listen on \"example.com\": an address must be an IP, localhost or empty");
  EXPECT_EQ(listen_tcp("192.0.2.1", 0).error().message, "192.0.2.1:0 is no address of this machine");
}

TEST_F(ListenerTest, EveryAddressTakesIpv4) {
  const int fd = *listen_tcp("", 0);
  const uint16_t port = local_address(fd)->port;
  std::vector<SocketAddress> peers;
  Listener listener(loop, fd, [&](int accepted, const SocketAddress& peer) {
    peers.push_back(peer);
    ::close(accepted);
  });
  auto client = connect_to(port);
  ASSERT_TRUE(turn_until([&] { return peers.size() == 1; }));
  EXPECT_EQ(peers[0].ip.to_string(), "127.0.0.1");
}

TEST_F(ListenerTest, ManyAtOnce) {
  int accepted = 0;
  Listener listener(loop, *listen_tcp("127.0.0.1", 0), [&](int fd, const SocketAddress&) {
    ++accepted;
    ::close(fd);
  });
  std::vector<std::unique_ptr<testing::Peer>> clients;
  for (int i = 0; i < 100; ++i) clients.push_back(connect_to(local_address(listener.fd())->port));
  ASSERT_TRUE(turn_until([&] { return accepted == 100; }));
}

TEST_F(ListenerTest, ATenthOfTheFilesIsNotForClients) {
  rlimit before{};
  ::getrlimit(RLIMIT_NOFILE, &before);
  const rlimit hundred{.rlim_cur = 100, .rlim_max = before.rlim_max};
  ASSERT_EQ(::setrlimit(RLIMIT_NOFILE, &hundred), 0);
  int accepted = 0;
  Listener listener(loop, *listen_tcp("127.0.0.1", 0), [&](int fd, const SocketAddress&) {
    ++accepted;
    ::close(fd);
  });
  const uint16_t port = local_address(listener.fd())->port;
  // 90 files are in use; the client's takes the next number, the accepted one the number after it.
  std::vector<int> held;
  do held.push_back(::open("/dev/null", O_RDONLY | O_CLOEXEC));
  while (held.back() < 89);
  auto refused = connect_to(port);
  EXPECT_TRUE(turn_until([&] { return refused->gone(); }));
  EXPECT_EQ(accepted, 0);
  refused.reset();
  auto waits = connect_to(port);  // in the backlog until the pause is over
  quiesce();
  EXPECT_EQ(accepted, 0);
  for (const int fd : held) ::close(fd);
  pass(100ms);
  EXPECT_TRUE(turn_until([&] { return accepted == 1; }));
  EXPECT_EQ(::setrlimit(RLIMIT_NOFILE, &before), 0);
}

}  // namespace
}  // namespace fl::net
