// The upstream of tests/bench/compare.py: answers /128, /16k, /64k and /1m with so many bytes over keep-alive HTTP/1.1
// and reads uploads with a Content-Length away. One thread, level-triggered epoll; trusts its peers, which are the
// proxies under test, and holds one buffer a connection. usage: bench_backend PORT
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <charconv>
#include <csignal>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <memory>
#include <string>
#include <string_view>

namespace {

std::string make_response(size_t size) {
  return "HTTP/1.1 200 OK\r\nContent-Type: application/octet-stream\r\nContent-Length: " + std::to_string(size) +
         "\r\n\r\n" + std::string(size, 'x');
}

struct Answer {
  std::string_view target;  // as it stands in the request line, blanks included
  std::string response;
};
const std::array kAnswers{Answer{" /128 ", make_response(128)}, Answer{" /16k ", make_response(16 << 10)},
                          Answer{" /64k ", make_response(64 << 10)}, Answer{" /1m ", make_response(1 << 20)}};
const std::string kNotFound = "HTTP/1.1 404 Not Found\r\nContent-Length: 0\r\n\r\n";

std::string_view choose_response(std::string_view head) {
  const std::string_view line = head.substr(0, head.find('\r'));
  for (const Answer& answer : kAnswers) {
    if (line.find(answer.target) != line.npos) return answer.response;
  }
  return kNotFound;
}

uint64_t content_length(std::string_view head) {
  constexpr std::string_view kName = "\r\ncontent-length:";
  const auto same = [](char a, char b) { return (a >= 'A' && a <= 'Z' ? a | 0x20 : a) == b; };
  const auto* at = std::search(head.begin(), head.end(), kName.begin(), kName.end(), same);
  if (at == head.end()) return 0;
  std::string_view value = head.substr(static_cast<size_t>(at - head.begin()) + kName.size());
  value.remove_prefix(std::min(value.find_first_not_of(' '), value.size()));
  uint64_t length = 0;
  std::from_chars(value.data(), value.data() + value.size(), length);
  return length;
}

// Reads requests one after the other; the next is looked at only when the last is answered whole.
class Connection {
 public:
  explicit Connection(int fd) : fd_(fd) {}
  ~Connection() { ::close(fd_); }
  Connection(const Connection&) = delete;
  Connection& operator=(const Connection&) = delete;

  int fd() const { return fd_; }
  bool wants_write() const { return !pending_.empty(); }

  // False when the connection is over.
  bool on_ready() {
    if (!flush()) return false;
    if (wants_write()) return true;
    const ssize_t n = ::recv(fd_, buffer_.data() + used_, buffer_.size() - used_, 0);
    if (n < 0) return errno == EAGAIN;
    if (n == 0) return false;
    used_ += static_cast<size_t>(n);
    return consume();
  }

 private:
  bool consume() {
    while (used_ > 0 && !wants_write()) {
      if (body_left_ > 0) {
        const size_t n = std::min<uint64_t>(body_left_, used_);
        drop(n);
        body_left_ -= n;
        if (body_left_ > 0) return true;
      } else {
        const std::string_view bytes(buffer_.data(), used_);
        const size_t end = bytes.find("\r\n\r\n");
        if (end == bytes.npos) return used_ < buffer_.size();
        const std::string_view head = bytes.substr(0, end);
        body_left_ = content_length(head);
        response_ = choose_response(head);
        drop(end + 4);
        if (body_left_ > 0) continue;
      }
      pending_ = response_;
      if (!flush()) return false;
    }
    return true;
  }

  bool flush() {
    while (!pending_.empty()) {
      const ssize_t n = ::send(fd_, pending_.data(), pending_.size(), MSG_NOSIGNAL);
      if (n < 0) return errno == EAGAIN;
      pending_.remove_prefix(static_cast<size_t>(n));
    }
    return true;
  }

  void drop(size_t n) {
    std::copy(buffer_.begin() + n, buffer_.begin() + used_, buffer_.begin());
    used_ -= n;
  }

  int fd_;
  uint64_t body_left_ = 0;
  std::string_view response_;  // of the request being read
  std::string_view pending_;   // what is left to send
  size_t used_ = 0;
  std::array<char, 64 << 10> buffer_;
};

int listen_on(uint16_t port) {
  const int fd = ::socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
  const int on = 1;
  ::setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &on, sizeof on);
  ::setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_port = htons(port);
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  if (::bind(fd, reinterpret_cast<sockaddr*>(&address), sizeof address) != 0 || ::listen(fd, 4096) != 0) {
    std::perror("bench_backend: listen");
    std::exit(1);
  }
  return fd;
}

}  // namespace

int main(int argc, char** argv) {
  const int port = argc == 2 ? std::atoi(argv[1]) : 0;
  if (port <= 0 || port > 65535) {
    std::fprintf(stderr, "usage: bench_backend PORT\n");
    return 2;
  }
  const int listener = listen_on(static_cast<uint16_t>(port));
  const int epoll = ::epoll_create1(EPOLL_CLOEXEC);
  epoll_event add{.events = EPOLLIN, .data = {.ptr = nullptr}};
  ::epoll_ctl(epoll, EPOLL_CTL_ADD, listener, &add);

  std::array<epoll_event, 256> events;
  for (;;) {
    const int count = ::epoll_wait(epoll, events.data(), static_cast<int>(events.size()), -1);
    for (int i = 0; i < count; ++i) {
      auto* connection = static_cast<Connection*>(events[static_cast<size_t>(i)].data.ptr);
      if (connection == nullptr) {
        const int fd = ::accept4(listener, nullptr, nullptr, SOCK_NONBLOCK | SOCK_CLOEXEC);
        if (fd < 0) continue;
        epoll_event event{.events = EPOLLIN, .data = {.ptr = new Connection(fd)}};
        ::epoll_ctl(epoll, EPOLL_CTL_ADD, fd, &event);
        continue;
      }
      const bool was_writing = connection->wants_write();
      if (!connection->on_ready()) {
        delete connection;
      } else if (connection->wants_write() != was_writing) {
        epoll_event event{.events = was_writing ? EPOLLIN : EPOLLOUT, .data = {.ptr = connection}};
        ::epoll_ctl(epoll, EPOLL_CTL_MOD, connection->fd(), &event);
      }
    }
  }
}
