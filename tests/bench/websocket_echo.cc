// Both ends of compare.py's WebSocket row: a server that answers each message with itself, and clients that each send
// the next message of 128 bytes when the last has come back. One thread, one loop; trusts the proxy between them.
// usage: bench_websocket serve PORT | load PORT CONNECTIONS SECONDS
// `load` ends with "N messages in S s, N failed", where failed are connections that did not open or broke.
#include <fmt/format.h>

#include <charconv>
#include <cstdio>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "http/server.h"
#include "http/websocket.h"
#include "net/listener.h"
#include "net/loop.h"
#include "net/resolver.h"

namespace {

using namespace fl;
using namespace std::chrono_literals;

constexpr size_t kMessageBytes = 128;

class EchoHandler final : public http::Handler {
 public:
  net::Task<> handle(http::Exchange& x) const override {
    (void)http::accept_websocket(x, [](net::Stream& s, net::InBuffer& in) { return echo(s, in); });
    co_return;
  }

 private:
  static net::Task<> echo(net::Stream& stream, net::InBuffer& in) {
    http::WebSocket socket(stream, in, http::WebSocketRole::server);
    while (auto message = co_await socket.receive()) socket.send_binary(message->data);
    co_await socket.close();
  }
};

int serve(uint16_t port) {
  net::Loop loop;
  loop.make_current();
  const EchoHandler handler;
  http::Server server(loop, {.idle_timeout = 300s}, handler);
  const auto fd = net::listen_tcp("127.0.0.1", port);
  if (!fd) {
    fmt::print(stderr, "bench_websocket: {}\n", fd.error().message);
    return 1;
  }
  const net::Listener listener(loop, *fd, [&](int accepted, const net::SocketAddress&) {
    server.serve(std::make_unique<net::TcpStream>(loop, accepted), {});
  });
  loop.run();
  return 0;
}

struct Load {
  net::Loop loop;
  net::Resolver resolver{loop};
  http::Fetcher fetcher{loop, resolver, nullptr};
  http::Url url;
  TimePoint end{};
  uint64_t messages = 0;
  uint64_t failed = 0;
  size_t running = 0;
};

net::Task<> talk(Load& load) {
  auto connection = co_await http::connect_websocket(load.fetcher, {.url = load.url, .headers = {}, .body = {}});
  if (connection) {
    const std::string message(kMessageBytes, 'x');
    http::WebSocket socket(*(*connection)->stream, (*connection)->in, http::WebSocketRole::client);
    while (load.loop.now() < load.end) {
      socket.send_binary(message);
      const auto answer = co_await socket.receive();
      if (!answer || answer->data != message) {
        ++load.failed;
        break;
      }
      ++load.messages;
    }
    co_await socket.close();
  } else {
    ++load.failed;
  }
  if (--load.running == 0) load.loop.stop();
}

int run_load(uint16_t port, size_t connections, size_t seconds) {
  Load load;
  load.loop.make_current();
  load.url = *http::Url::parse(fmt::format("http://127.0.0.1:{}/", port));
  const TimePoint began = load.loop.now();
  load.running = connections;
  load.end = began + std::chrono::seconds(seconds);
  for (size_t i = 0; i < connections; ++i) net::spawn(talk(load));
  load.loop.run();
  fmt::print("{} messages in {:.3f} s, {} failed\n", load.messages,
             std::chrono::duration<double>(load.loop.now() - began).count(), load.failed);
  return load.failed == 0 ? 0 : 1;
}

std::optional<size_t> number(std::string_view text) {
  size_t value = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  return error == std::errc() && end == text.data() + text.size() && value > 0 ? std::optional(value) : std::nullopt;
}

}  // namespace

int main(int argc, char** argv) {
  const std::vector<std::string_view> arguments(argv + 1, argv + argc);
  std::vector<size_t> numbers;
  for (size_t i = 1; i < arguments.size(); ++i) {
    if (const auto n = number(arguments[i])) numbers.push_back(*n);
  }
  const bool has_port = !numbers.empty() && numbers[0] <= 65535;
  if (has_port && arguments[0] == "serve" && numbers.size() == 1) return serve(static_cast<uint16_t>(numbers[0]));
  if (has_port && arguments[0] == "load" && numbers.size() == 3)
    return run_load(static_cast<uint16_t>(numbers[0]), numbers[1], numbers[2]);
  fmt::print(stderr, "usage: bench_websocket serve PORT | load PORT CONNECTIONS SECONDS\n");
  return 2;
}
