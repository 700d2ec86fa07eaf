// Frames through a server's connection: any bytes behind the preface. No crash, nothing left of the connection when it
// is closed, and what the server says is frames.
#include <sys/socket.h>
#include <unistd.h>

#include <cstdint>
#include <cstdlib>

#include "http/h2/frame_scanner.h"
#include "http/server.h"

using namespace fl;

namespace {

class StillClock final : public Clock {
 public:
  TimePoint now() const override { return TimePoint(1h); }
  WallTime wall() const override { return WallTime(std::chrono::sys_days{std::chrono::year{2026} / 1 / 1}); }
};

// Answers with the body, or what there is of it.
class Echo final : public http::Handler {
 public:
  net::Task<> handle(http::Exchange& x) const override {
    std::string body;
    while (x.request_body != nullptr) {
      const http::BodyChunk chunk = co_await x.request_body->read();
      body += chunk.data;
      if (chunk.last || chunk.error != http::BodyError::none) break;
    }
    x.respond_owned(200, std::move(body), "text/plain");
  }
};

std::string received(int fd) {
  std::string all;
  char buffer[65536];
  for (ssize_t n; (n = ::recv(fd, buffer, sizeof buffer, MSG_DONTWAIT)) > 0;)
    all.append(buffer, static_cast<size_t>(n));
  return all;
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  static const StillClock clock;
  static const Echo echo;
  net::Loop loop(clock);
  loop.make_current();
  int ends[2];
  if (::socketpair(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0, ends) != 0) std::abort();
  {
    http::ServerOptions options;
    options.head.max_head_bytes = 16 << 10;
    options.http2.max_concurrent_streams = 20;
    http::Server server(loop, options, echo);
    http::ConnectionInfo info;
    info.tls = true;
    info.alpn = "h2";
    const std::string preface("PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n\0\0\0\4\0\0\0\0\0", 33);
    server.serve(std::make_unique<net::TcpStream>(loop, ends[0]), info, preface);
    std::string said;
    // Cut where the first byte says, so that frames arrive in pieces too.
    const size_t cut = size > 1 ? 1 + data[0] % size : size;
    for (const auto& [from, to] : {std::pair{size_t{0}, cut}, std::pair{cut, size}}) {
      if (from < to && ::send(ends[1], data + from, to - from, MSG_DONTWAIT | MSG_NOSIGNAL) < 0) break;
      for (int i = 0; i < 12; ++i) loop.turn(false);
      said += received(ends[1]);
    }
    server.close_all();
    for (int i = 0; i < 12 && server.connections() > 0; ++i) loop.turn(false);
    if (server.connections() > 0 || server.active_exchanges() > 0) std::abort();
    http::h2::FrameScanner scanner(0);
    std::string_view rest = said;
    while (scanner.next(rest))
      if (scanner.header().length > 16384) std::abort();
  }
  ::close(ends[1]);
  return 0;
}
