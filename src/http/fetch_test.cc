#include "http/fetch.h"

#include <arpa/inet.h>
#include <gmock/gmock.h>
#include <sys/socket.h>
#include <unistd.h>

#include <functional>
#include <optional>
#include <thread>

namespace fl::http {
namespace {

using ::testing::HasSubstr;
using ::testing::StartsWith;

// A server on a thread of its own that follows a script: for each connection the answers to give, one a request; the
// connection is closed after the last. A request is read to the end of its body first.
class ScriptedServer {
 public:
  using Script = std::vector<std::vector<std::string>>;

  explicit ScriptedServer(Script script) {
    listener_ = ::socket(AF_INET, SOCK_STREAM, 0);
    sockaddr_in address{};
    address.sin_family = AF_INET;
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    socklen_t size = sizeof address;
    EXPECT_EQ(::bind(listener_, reinterpret_cast<sockaddr*>(&address), size), 0);
    EXPECT_EQ(::listen(listener_, 8), 0);
    ::getsockname(listener_, reinterpret_cast<sockaddr*>(&address), &size);
    port_ = ntohs(address.sin_port);
    thread_ = std::thread([this, script = std::move(script)] {
      for (const auto& answers : script) serve(answers);
    });
  }
  ~ScriptedServer() {
    if (thread_.joinable()) thread_.join();
    ::close(listener_);
  }

  std::string url(std::string_view target = "/") const {
    return "http://127.0.0.1:" + std::to_string(port_) + std::string(target);
  }
  // What was received, once the script is played.
  const std::vector<std::string>& requests() {
    thread_.join();
    return requests_;
  }

 private:
  void serve(const std::vector<std::string>& answers) {
    const int fd = ::accept(listener_, nullptr, nullptr);
    for (const auto& answer : answers) {
      std::string request = read_request(fd);
      if (request.empty()) break;
      requests_.push_back(std::move(request));
      if (::send(fd, answer.data(), answer.size(), MSG_NOSIGNAL) < 0) break;
    }
    ::shutdown(fd, SHUT_WR);
    char rest[256];  // until the client closes, so that nothing it sends is answered by a reset
    while (::recv(fd, rest, sizeof rest, 0) > 0) {
    }
    ::close(fd);
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

  int listener_;
  uint16_t port_;
  std::thread thread_;
  std::vector<std::string> requests_;
};

// One loop with a fetcher; runs coroutines to their end.
class FetchTest : public ::testing::Test {
 protected:
  FetchTest() { loop_.make_current(); }

  void run(std::function<net::Task<void>()> body) {
    const auto root = [&]() -> net::Task<void> {
      co_await body();
      loop_.stop();
    };
    net::spawn(root());
    loop_.run();
  }

  Result<FetchResponse> fetch(FetchRequest request, FetchOptions options = {}) {
    std::optional<Result<FetchResponse>> response;
    run([&]() -> net::Task<void> { response = co_await fetcher_->fetch(request, options); });
    return *std::move(response);
  }
  Result<FetchResponse> get(const std::string& url, FetchOptions options = {}) {
    return fetch({.url = *Url::parse(url)}, options);
  }
  void drop_connections() { fetcher_.emplace(loop_, resolver_, nullptr); }

  net::Loop loop_;
  net::Resolver resolver_{loop_};
  std::optional<Fetcher> fetcher_{std::in_place, loop_, resolver_, nullptr};
};

TEST_F(FetchTest, SendsRequestsAndReadsAnswers) {
  struct Case {
    std::string answer, body;
    uint16_t status;
  };
  const Case cases[] = {
      {"HTTP/1.1 200 OK\r\nContent-Length: 5\r\nX-A: 1\r\n\r\nhello", "hello", 200},
      {"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nhel\r\n2\r\nlo\r\n0\r\n\r\n", "hello", 200},
      {"HTTP/1.1 200 OK\r\n\r\nuntil close", "until close", 200},
      {"HTTP/1.0 404 Not Found\r\nContent-Length: 0\r\n\r\n", "", 404},
      {"HTTP/1.1 204 No Content\r\n\r\n", "", 204},
      {"HTTP/1.1 102 Processing\r\n\r\nHTTP/1.1 503 Busy\r\nContent-Length: 2\r\n\r\nno", "no", 503},
  };
  for (const auto& [answer, body, status] : cases) {
    ScriptedServer server({{answer}});
    const auto response = get(server.url("/a?b=1"));
    drop_connections();
    ASSERT_TRUE(response) << answer << response.error().message;
    EXPECT_EQ(response->status, status);
    EXPECT_EQ(response->body, body);
    EXPECT_THAT(server.requests().at(0), StartsWith("GET /a?b=1 HTTP/1.1\r\nHost: 127.0.0.1:"));
  }
}

TEST_F(FetchTest, SendsBodies) {
  ScriptedServer server({{"HTTP/1.1 200 OK\r\nContent-Length: 0\r\nx-Amz-Id: q\r\n\r\n"}});
  FetchRequest request{.method = "POST", .url = *Url::parse(server.url()), .headers = {{"X-Test", "1"}}, .body = "{}"};
  const auto response = fetch(request);
  drop_connections();
  ASSERT_TRUE(response);
  EXPECT_EQ(response->header("X-AMZ-ID"), "q");
  EXPECT_EQ(response->header("absent"), "");
  const std::string sent = server.requests().at(0);
  EXPECT_THAT(sent, HasSubstr("X-Test: 1\r\n"));
  EXPECT_THAT(sent, HasSubstr("Content-Length: 2\r\n"));
  EXPECT_TRUE(sent.ends_with("\r\n\r\n{}"));
}

TEST_F(FetchTest, UsesConnectionsAgain) {
  const std::string ok = "HTTP/1.1 200 OK\r\nContent-Length: 1\r\n\r\n1";
  ScriptedServer server({{ok, ok, "HTTP/1.1 200 OK\r\nContent-Length: 1\r\nConnection: close\r\n\r\n2"}, {ok}});
  for (const std::string want : {"1", "1", "2", "1"}) EXPECT_EQ(get(server.url())->body, want);
  drop_connections();
  EXPECT_EQ(server.requests().size(), 4u);
}

// The server closes a kept connection, at once or when the next request arrives.
TEST_F(FetchTest, ReplacesAKeptConnectionThatIsGone) {
  const std::string ok = "HTTP/1.1 200 OK\r\nContent-Length: 1\r\n\r\n1";
  ScriptedServer server({{ok}, {ok, ""}, {ok}});
  EXPECT_TRUE(get(server.url()));
  EXPECT_TRUE(get(server.url()));
  EXPECT_TRUE(get(server.url()));
  drop_connections();
  EXPECT_EQ(server.requests().size(), 4u);
}

TEST_F(FetchTest, DoesNotRepeatWhatIsNotIdempotent) {
  const std::string ok = "HTTP/1.1 200 OK\r\nContent-Length: 1\r\n\r\n1";
  ScriptedServer server({{ok, ""}});
  EXPECT_TRUE(get(server.url()));
  EXPECT_EQ(fetch({.method = "POST", .url = *Url::parse(server.url())}).error().code, Code::unavailable);
}

TEST_F(FetchTest, RefusesBrokenAnswers) {
  struct Case {
    const char* answer;
    Code code;
    const char* message;
  };
  for (const Case& c : {
           Case{"HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\n{}", Code::unavailable, "cut short"},
           Case{"HTTP/1.1 200 OK\r\nContent-Le", Code::unavailable, "cut short"},
           Case{"", Code::unavailable, "connection closed"},
           Case{"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nhel", Code::unavailable, "cut short"},
           Case{"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nx\r\n", Code::invalid, "chunked"},
           Case{"hello\r\n\r\n", Code::invalid, "not an HTTP answer"},
           Case{"HTTP/1.1 200 OK\r\nContent-Length: 1\r\nContent-Length: 2\r\n\r\n12", Code::invalid, "not an HTTP"},
           Case{"HTTP/1.1 101 Switching\r\nConnection: upgrade\r\nUpgrade: x\r\n\r\n", Code::invalid, "switched"},
           Case{"HTTP/1.1 200 OK\r\nContent-Length: 200\r\n\r\n", Code::exhausted, "larger than 100 bytes"},
       }) {
    std::string answer = c.answer;
    if (c.code == Code::exhausted) answer += std::string(200, 'x');
    ScriptedServer server({{answer}});
    const auto response = get(server.url(), {.max_body_bytes = 100});
    drop_connections();
    ASSERT_FALSE(response) << c.answer;
    EXPECT_EQ(response.error().code, c.code) << response.error().message;
    EXPECT_THAT(response.error().message, HasSubstr(c.message));
  }
}

// A listener that accepts (by its backlog) and never answers.
class SilentServer {
 public:
  SilentServer() {
    fd_ = ::socket(AF_INET, SOCK_STREAM, 0);
    sockaddr_in address{};
    address.sin_family = AF_INET;
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    socklen_t size = sizeof address;
    ::bind(fd_, reinterpret_cast<sockaddr*>(&address), size);
    ::listen(fd_, 8);
    ::getsockname(fd_, reinterpret_cast<sockaddr*>(&address), &size);
    url_ = "http://127.0.0.1:" + std::to_string(ntohs(address.sin_port));
  }
  ~SilentServer() { ::close(fd_); }
  const std::string& url() const { return url_; }

 private:
  int fd_;
  std::string url_;
};

TEST_F(FetchTest, GivesUpInTime) {
  SilentServer server;
  EXPECT_EQ(get(server.url(), {.timeout = 20ms}).error().code, Code::timeout);
}

TEST_F(FetchTest, StopsWhenAsked) {
  SilentServer server;
  net::StopSource stop;
  loop_.post([&] { stop.request_stop(); });
  EXPECT_EQ(get(server.url(), {.stop = &stop}).error().code, Code::canceled);
  EXPECT_EQ(get(server.url(), {.stop = &stop}).error().code, Code::canceled);
}

TEST_F(FetchTest, SaysWhatCannotBeReached) {
  std::string url;
  {
    SilentServer server;
    url = server.url();
  }
  const auto refused = get(url);
  ASSERT_FALSE(refused);
  EXPECT_EQ(refused.error().code, Code::unavailable);
  EXPECT_THAT(refused.error().message, HasSubstr("connecting to 127.0.0.1:"));
  EXPECT_EQ(get("https://127.0.0.1:1/").error().code, Code::unavailable);
}

}  // namespace
}  // namespace fl::http
