// For tests: a plain HTTP server on a thread of its own, one connection at a time, whose answers a function makes.
#pragma once

#include <arpa/inet.h>
#include <sys/socket.h>
#include <unistd.h>

#include <functional>
#include <mutex>
#include <optional>
#include <string>
#include <string_view>
#include <thread>
#include <vector>

namespace fl::http::testing {

class FakeServer {
 public:
  // From a whole request as received to the bytes to send. "" closes the connection; nullopt says nothing and waits
  // for the client to close it. Called on the server's thread.
  using Handler = std::function<std::optional<std::string>(const std::string& request)>;

  explicit FakeServer(Handler handler) : handler_(std::move(handler)) {
    listener_ = ::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    sockaddr_in address{};
    address.sin_family = AF_INET;
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    socklen_t size = sizeof address;
    ::bind(listener_, reinterpret_cast<sockaddr*>(&address), size);
    ::listen(listener_, 16);
    ::getsockname(listener_, reinterpret_cast<sockaddr*>(&address), &size);
    port_ = ntohs(address.sin_port);
    thread_ = std::thread([this] { run(); });
  }
  ~FakeServer() {
    ::shutdown(listener_, SHUT_RDWR);
    thread_.join();
    ::close(listener_);
  }

  std::string url(std::string_view target = "") const {
    return "http://127.0.0.1:" + std::to_string(port_) + std::string(target);
  }
  std::vector<std::string> requests() const {
    const std::scoped_lock lock(mutex_);
    return requests_;
  }

  static std::string answer(int status, std::string_view body, std::string_view fields = "") {
    return "HTTP/1.1 " + std::to_string(status) +
           " X\r\nConnection: close\r\nContent-Length: " + std::to_string(body.size()) + "\r\n" + std::string(fields) +
           "\r\n" + std::string(body);
  }

 private:
  void run() {
    while (true) {
      const int fd = ::accept4(listener_, nullptr, nullptr, SOCK_CLOEXEC);
      if (fd < 0) return;
      if (const std::string request = read_request(fd); !request.empty()) {
        {
          const std::scoped_lock lock(mutex_);
          requests_.push_back(request);
        }
        const auto bytes = handler_(request);
        if (bytes) {
          ::send(fd, bytes->data(), bytes->size(), MSG_NOSIGNAL);
          ::shutdown(fd, SHUT_WR);
        }
        char rest[256];
        while (::recv(fd, rest, sizeof rest, 0) > 0) {
        }
      }
      ::close(fd);
    }
  }

  static std::string read_request(int fd) {
    std::string text;
    char buffer[4096];
    size_t want = SIZE_MAX;
    while (text.size() < want) {
      const ssize_t n = ::recv(fd, buffer, sizeof buffer, 0);
      if (n <= 0) return {};
      text.append(buffer, static_cast<size_t>(n));
      const size_t end = text.find("\r\n\r\n");
      if (end == text.npos) continue;
      const size_t at = text.find("Content-Length: ");
      want = end + 4 + (at == text.npos ? 0 : std::stoul(text.substr(at + 16)));
    }
    return text;
  }

  Handler handler_;
  int listener_;
  uint16_t port_ = 0;
  mutable std::mutex mutex_;
  std::vector<std::string> requests_;
  std::thread thread_;
};

}  // namespace fl::http::testing
