#include "proxy/udp_entry_point.h"

#include <arpa/inet.h>
#include <sys/socket.h>

#include "proxy/snapshot.h"
#include "proxy/udp/service.h"
#include "support/loop_fixture.h"

namespace fl::proxy::udp {
namespace {

// A UDP socket that the test reads and writes by hand.
class Socket {
 public:
  explicit Socket(uint16_t connect_to = 0, const char* to = "127.0.0.1") : fd_(*net::bind_udp("127.0.0.1", 0)) {
    if (connect_to == 0) return;
    sockaddr_storage address;
    const socklen_t length = net::SocketAddress{*net::IpAddress::parse(to), connect_to}.to_sockaddr(address);
    EXPECT_EQ(::connect(fd_, reinterpret_cast<sockaddr*>(&address), length), 0);
  }
  ~Socket() { close(); }
  void close() {
    if (fd_ >= 0) ::close(std::exchange(fd_, -1));
  }
  uint16_t port() const { return net::local_address(fd_)->port; }
  void send(std::string_view text) { ::send(fd_, text.data(), text.size(), 0); }
  // The next datagram, or "".
  std::string receive() {
    char buffer[2048];
    socklen_t length = sizeof from_;
    const ssize_t n =
        ::recvfrom(fd_, buffer, sizeof buffer, MSG_DONTWAIT, reinterpret_cast<sockaddr*>(&from_), &length);
    return n < 0 ? "" : std::string(buffer, static_cast<size_t>(n));
  }
  // To whom the last one came from.
  void answer(std::string_view text) {
    ::sendto(fd_, text.data(), text.size(), 0, reinterpret_cast<sockaddr*>(&from_), sizeof(sockaddr_in));
  }

 private:
  int fd_;
  sockaddr_storage from_{};
};

class UdpTest : public testing::LoopFixture {
 protected:
  ~UdpTest() override {
    if (!entry_point) return;
    entry_point->close_all();
    quiesce();
    EXPECT_EQ(entry_point->sessions(), 0U);
    EXPECT_EQ(opened, closed);
  }
  void start(std::vector<Server> servers) {
    auto snapshot = std::make_shared<Snapshot>();
    const auto cursor = std::make_shared<TurnCursor>(slots);
    snapshot->udp_entry_points.push_back(
        {.router = "dns@file", .service = std::make_shared<LoadBalancer>("dns@file", std::move(servers), cursor)});
    worker.publish(snapshot);
    if (entry_point) return;
    const int fd = *net::bind_udp(listen_on, 0);
    port = net::local_address(fd)->port;
    entry_point.emplace(worker, options, fd);
    entry_point->set_on_opened([this] { ++opened; });
    entry_point->set_on_closed([this] { ++closed; });
    entry_point->start();
  }
  static Server at(const Socket& socket, std::string host = "127.0.0.1") {
    return {.host = std::move(host), .port = socket.port(), .address = {}};
  }
  std::string receive(Socket& socket) {
    std::string got;
    EXPECT_TRUE(turn_until([&] { return !(got = socket.receive()).empty(); }));
    return got;
  }

  std::shared_ptr<SlotTable> slots = std::make_shared<SlotTable>([](uint32_t) {});
  Worker worker{loop};
  EntryPointOptions options{.index = 0, .timeout = 3s, .max_sessions = 2};
  std::string listen_on = "127.0.0.1";
  uint16_t port = 0;
  int opened = 0, closed = 0;
  std::optional<EntryPoint> entry_point;
  Socket a, b;
};

TEST_F(UdpTest, ASessionKeepsItsServerUntilItIsIdle) {
  start({at(a), at(b)});
  Socket client(port), other(port);
  client.send("one");
  quiesce();
  other.send("one");
  std::string at_a = receive(a), at_b = receive(b);
  EXPECT_EQ(at_a + at_b, "oneone") << "servers take turns";
  for (int i = 0; i < 40; ++i) client.send("again");
  quiesce();
  Socket& mine = a.receive().empty() ? b : a;
  mine.answer("reply");
  EXPECT_EQ(receive(client), "reply");
  EXPECT_EQ(other.receive(), "");
  EXPECT_EQ(entry_point->sessions(), 2U);
  pass(2s);
  mine.answer("late");
  EXPECT_EQ(receive(client), "late");
  pass(2s);
  EXPECT_EQ(entry_point->sessions(), 1U) << "the other was idle for longer than its timeout";
  pass(2s);
  EXPECT_EQ(entry_point->sessions(), 0U);
}

// A connected socket hears nobody but the address it sent to.
TEST_F(UdpTest, AnswersComeFromTheAddressThatWasAsked) {
  for (const std::string host : {"", "0.0.0.0"}) {
    listen_on = host;
    entry_point.reset();
    start({at(a)});
    Socket client(port, "127.0.0.2");
    client.send("one");
    EXPECT_EQ(receive(a), "one") << host;
    a.answer("yes");
    EXPECT_EQ(receive(client), "yes") << host;
    entry_point->close_all();
  }
}

TEST_F(UdpTest, AChangeOfRoutesConcernsNewSessionsOnly) {
  start({at(a)});
  Socket client(port), other(port);
  client.send("one");
  EXPECT_EQ(receive(a), "one");
  start({at(b)});
  client.send("two");
  EXPECT_EQ(receive(a), "two");
  other.send("three");
  EXPECT_EQ(receive(b), "three");
}

TEST_F(UdpTest, SessionsAreBounded) {
  start({at(a)});
  Socket one(port), two(port), three(port);
  one.send("1");
  EXPECT_EQ(receive(a), "1");
  two.send("2");
  EXPECT_EQ(receive(a), "2");
  three.send("3");
  one.send("4");
  EXPECT_EQ(receive(a), "4");
  EXPECT_EQ(entry_point->sessions(), 2U);
}

TEST_F(UdpTest, ANameIsResolvedWhileDatagramsWait) {
  start({at(a, "localhost")});
  Socket client(port);
  client.send("one");
  client.send("two");
  EXPECT_EQ(receive(a), "one");
  EXPECT_EQ(receive(a), "two");
  a.answer("yes");
  EXPECT_EQ(receive(client), "yes");
}

TEST_F(UdpTest, AServerThatIsNotThereEndsTheSession) {
  start({at(a)});
  a.close();
  Socket client(port);
  client.send("one");
  ASSERT_TRUE(turn_until([&] { return opened == 1 && entry_point->sessions() == 0; }));
}

TEST_F(UdpTest, NoNewSessionsWhileStopping) {
  start({at(a)});
  Socket client(port), late(port);
  client.send("one");
  EXPECT_EQ(receive(a), "one");
  entry_point->stop_accepting();
  late.send("late");
  client.send("two");
  EXPECT_EQ(receive(a), "two");
  EXPECT_EQ(entry_point->sessions(), 1U);
  pass(4s);
  EXPECT_EQ(entry_point->sessions(), 0U);
}

}  // namespace
}  // namespace fl::proxy::udp
