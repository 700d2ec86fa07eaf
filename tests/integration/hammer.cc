// Keep-alive load that accepts no failure, for reload_test.py: CONNECTIONS threads with one connection each send GET
// PATH until REQUESTS are done in all. A request fails when its status is not 200, its body is short, or the
// connection ends although nobody said "Connection: close". Prints "N passed, N failed" and the first failure.
// usage: hammer PORT PATH CONNECTIONS REQUESTS
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sys/socket.h>
#include <unistd.h>

#include <atomic>
#include <charconv>
#include <cstdint>
#include <cstdio>
#include <mutex>
#include <string>
#include <string_view>
#include <thread>
#include <vector>

namespace {

struct Plan {
  uint16_t port;
  std::string request;
  int64_t requests;
};

struct Outcome {
  std::atomic<int64_t> begun{0};
  std::atomic<int64_t> failed{0};
  std::mutex mutex;
  std::string first_failure;  // guarded by mutex

  void fail(std::string why) {
    failed.fetch_add(1);
    const std::lock_guard lock(mutex);
    if (first_failure.empty()) first_failure = std::move(why);
  }
};

int connect_to(uint16_t port) {
  const int fd = ::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
  const int on = 1;
  ::setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
  const timeval timeout{.tv_sec = 30, .tv_usec = 0};
  ::setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &timeout, sizeof timeout);
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_port = htons(port);
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  if (::connect(fd, reinterpret_cast<sockaddr*>(&address), sizeof address) == 0) return fd;
  ::close(fd);
  return -1;
}

// Sends one request and reads its whole answer; returns what was wrong, or nothing.
std::string exchange(int fd, const std::string& request) {
  if (::send(fd, request.data(), request.size(), MSG_NOSIGNAL) != static_cast<ssize_t>(request.size())) {
    return "the connection was closed between requests";
  }
  std::string answer;
  size_t whole = std::string::npos;
  while (answer.size() < whole) {
    char buffer[16 << 10];
    const ssize_t n = ::recv(fd, buffer, sizeof buffer, 0);
    if (n <= 0) return n == 0 ? "closed after " + std::to_string(answer.size()) + " bytes" : "no answer";
    answer.append(buffer, static_cast<size_t>(n));
    const size_t end = answer.find("\r\n\r\n");
    if (whole != std::string::npos || end == std::string::npos) continue;
    if (!answer.starts_with("HTTP/1.1 200 ")) return answer.substr(0, answer.find('\r'));
    constexpr std::string_view kLength = "\r\nContent-Length: ";
    const size_t at = answer.find(kLength);
    size_t length = 0;
    if (at == std::string::npos || at > end) return "no Content-Length";
    std::from_chars(answer.data() + at + kLength.size(), answer.data() + end, length);
    whole = end + 4 + length;
  }
  return answer.size() == whole ? "" : "bytes after the body";
}

void hammer(const Plan& plan, Outcome& outcome) {
  int fd = -1;
  while (outcome.begun.fetch_add(1) < plan.requests) {
    if (fd < 0 && (fd = connect_to(plan.port)) < 0) {
      outcome.fail("connection refused");
      continue;
    }
    if (std::string why = exchange(fd, plan.request); !why.empty()) {
      outcome.fail(std::move(why));
      ::close(fd);
      fd = -1;
    }
  }
  if (fd >= 0) ::close(fd);
}

}  // namespace

int main(int argc, char** argv) {
  if (argc != 5) {
    std::fprintf(stderr, "usage: hammer PORT PATH CONNECTIONS REQUESTS\n");
    return 2;
  }
  const Plan plan{.port = static_cast<uint16_t>(std::stoi(argv[1])),
                  .request = "GET " + std::string(argv[2]) + " HTTP/1.1\r\nHost: localhost\r\n\r\n",
                  .requests = std::stoll(argv[4])};
  Outcome outcome;
  {
    std::vector<std::jthread> threads;
    for (int i = std::stoi(argv[3]); i > 0; --i) threads.emplace_back([&] { hammer(plan, outcome); });
  }
  std::printf("%lld passed, %lld failed\n", static_cast<long long>(plan.requests - outcome.failed),
              static_cast<long long>(outcome.failed));
  if (outcome.failed > 0) std::printf("first failure: %s\n", outcome.first_failure.c_str());
  return outcome.failed > 0 ? 1 : 0;
}
