// For tests with real sockets: one loop, driven by the test's own thread, a clock that stands still, and peers that
// send and receive what the test says. Nothing sleeps: a test turns the loop until what it waits for is there.
#pragma once

#include <arpa/inet.h>
#include <gtest/gtest.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sys/socket.h>
#include <unistd.h>

#include <cerrno>
#include <memory>
#include <string>
#include <string_view>
#include <utility>

#include "base/time.h"
#include "net/listener.h"
#include "net/loop.h"
#include "net/stream.h"

namespace fl::testing {

class ManualClock final : public Clock {
 public:
  TimePoint now() const override { return TimePoint(1h) + elapsed; }
  WallTime wall() const override {
    return WallTime(std::chrono::sys_days{std::chrono::year{2026} / 11 / 21}) + elapsed;
  }
  Duration elapsed{};
};

// The far end of a connection: receives on its own all there is, unless told to stop, and sends what it is given.
class Peer final : public net::Pollable {
 public:
  Peer(net::Loop& loop, int fd) : loop_(loop), fd_(fd) {
    const int on = 1;  // what is sent arrives at once, whatever was acknowledged
    ::setsockopt(fd_, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
    loop_.add(fd_, EPOLLIN | EPOLLOUT | EPOLLRDHUP | EPOLLET, *this);
  }
  ~Peer() { close(); }

  std::string received;
  bool ended = false;  // end of stream received
  int error = 0;       // errno of the first failure

  bool gone() const { return ended || error != 0; }
  std::string take() { return std::exchange(received, {}); }
  bool has_sent_all() const { return unsent_.empty(); }

  void send(std::string_view bytes) {
    unsent_ += bytes;
    flush();
  }
  void stop_reading() { reads_ = false; }
  void go_on_reading() {
    reads_ = true;
    read();
  }
  void half_close() { ::shutdown(fd_, SHUT_WR); }
  void close() {
    if (fd_ < 0) return;
    loop_.remove(fd_, *this);
    ::close(std::exchange(fd_, -1));
  }
  void reset() {
    const linger hard{.l_onoff = 1, .l_linger = 0};
    ::setsockopt(fd_, SOL_SOCKET, SO_LINGER, &hard, sizeof hard);
    close();
  }

  void on_events(uint32_t) noexcept override {
    flush();
    read();
  }

 private:
  void flush() {
    while (!unsent_.empty() && fd_ >= 0) {
      const ssize_t n = ::send(fd_, unsent_.data(), unsent_.size(), MSG_NOSIGNAL | MSG_DONTWAIT);
      if (n <= 0) return;
      unsent_.erase(0, static_cast<size_t>(n));
    }
  }
  void read() {
    char buffer[16 << 10];
    while (reads_ && fd_ >= 0 && !gone()) {
      const ssize_t n = ::recv(fd_, buffer, sizeof buffer, MSG_DONTWAIT);
      if (n > 0)
        received.append(buffer, static_cast<size_t>(n));
      else if (n == 0)
        ended = true;
      else if (errno == EAGAIN)
        return;
      else
        error = errno;
    }
  }

  net::Loop& loop_;
  int fd_;
  bool reads_ = true;
  std::string unsent_;
};

// A listening port of 127.0.0.1 whose connections the test takes one by one.
class Origin {
 public:
  explicit Origin(net::Loop& loop)
      : loop_(loop),
        listener_(std::make_unique<net::Listener>(loop, *net::listen_tcp("127.0.0.1", 0),
                                                  [this](int fd, const net::SocketAddress&) {
                                                    waiting_.push_back(std::make_unique<Peer>(loop_, fd));
                                                    ++accepted;
                                                  })),
        address_(*net::local_address(listener_->fd())) {}

  const net::SocketAddress& address() const { return address_; }
  uint16_t port() const { return address_.port; }
  std::string url() const { return "http://127.0.0.1:" + std::to_string(port()); }
  void stop_listening() { listener_.reset(); }
  bool has_connection() const { return !waiting_.empty(); }
  std::unique_ptr<Peer> take_connection() {
    auto peer = std::move(waiting_.front());
    waiting_.erase(waiting_.begin());
    return peer;
  }
  int accepted = 0;

 private:
  net::Loop& loop_;
  std::vector<std::unique_ptr<Peer>> waiting_;
  std::unique_ptr<net::Listener> listener_;
  net::SocketAddress address_;
};

class LoopFixture : public ::testing::Test {
 protected:
  static constexpr Duration kPatience = 10s;  // of real time, before a test fails

  // Turns the loop until the condition holds. -> whether it came to hold
  template <class Condition>
  [[nodiscard]] bool turn_until(Condition condition) {
    const TimePoint give_up = system_clock().now() + kPatience;
    while (!condition()) {
      if (system_clock().now() > give_up) return false;
      loop.turn(false);
    }
    return true;
  }
  // Lets everything happen that can happen without anybody's help.
  void quiesce() {
    for (int i = 0; i < 30; ++i) loop.turn(false);
  }
  // Time passes; timers that are due go off.
  void pass(Duration d) {
    clock.elapsed += d;
    quiesce();
  }

  std::unique_ptr<Peer> connect_to(uint16_t port) {
    const int fd = ::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    sockaddr_in address{};
    address.sin_family = AF_INET;
    address.sin_port = htons(port);
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    EXPECT_EQ(::connect(fd, reinterpret_cast<sockaddr*>(&address), sizeof address), 0);
    return std::make_unique<Peer>(loop, fd);
  }
  std::unique_ptr<Peer> accept_at(Origin& origin) {
    if (!turn_until([&] { return origin.has_connection(); })) {
      ADD_FAILURE() << "nobody connects";
      return nullptr;
    }
    return origin.take_connection();
  }
  // A connected pair: a stream under test and its peer.
  std::pair<std::unique_ptr<net::TcpStream>, std::unique_ptr<Peer>> make_pair() {
    const int listener = *net::listen_tcp("127.0.0.1", 0);
    auto peer = connect_to(net::local_address(listener)->port);
    const int fd = ::accept4(listener, nullptr, nullptr, SOCK_NONBLOCK | SOCK_CLOEXEC);
    ::close(listener);
    return {std::make_unique<net::TcpStream>(loop, fd), std::move(peer)};
  }

  // Waits for the text; what was received up to its end is taken. Empty when it does not come.
  std::string receive_until(Peer& peer, std::string_view text) {
    size_t at = std::string::npos;
    const bool came = turn_until([&] { return (at = peer.received.find(text)) != std::string::npos || peer.gone(); });
    if (!came || at == std::string::npos) {
      ADD_FAILURE() << "\"" << text << "\" does not come; received so far: " << peer.received;
      return {};
    }
    std::string out = peer.received.substr(0, at + text.size());
    peer.received.erase(0, out.size());
    return out;
  }
  std::string receive_head(Peer& peer) { return receive_until(peer, "\r\n\r\n"); }
  std::string receive_to_end(Peer& peer) {
    EXPECT_TRUE(turn_until([&] { return peer.gone(); })) << "the connection stays open; received: " << peer.received;
    return peer.take();
  }

  ManualClock clock;
  net::Loop loop{clock};
};

}  // namespace fl::testing
