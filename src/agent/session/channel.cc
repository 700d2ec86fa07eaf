#include "agent/session/channel.h"

#include "base/log.h"

namespace fl::agent::session {
namespace {

constexpr Duration kFirstWait = 250ms, kLongestWait = 2min;
constexpr Duration kLongLife = 1min;  // a connection that lasted so long was a good one

struct CancelOnStop final : net::StopWaiter {
  http::WebSocket& socket;
  explicit CancelOnStop(http::WebSocket& s) : socket(s) {}
  void on_stop() noexcept override { socket.cancel(); }
};

net::Task<Error> one_life(ControlPlane& control_plane, ChannelService& service, std::string_view name,
                          net::StopSource& stop) {
  auto endpoint = co_await service.endpoint();
  if (!endpoint) co_return std::move(endpoint).error();
  auto connection = co_await control_plane.connect(*endpoint, service.query());
  if (!connection) co_return std::move(connection).error();
  log::info("{}: connected to {}", name, *endpoint);
  http::WebSocket socket(*(*connection)->stream, (*connection)->in, http::WebSocketRole::client);
  Error ended;
  {
    CancelOnStop cancel(socket);
    if (!stop.stop_requested()) {
      stop.hook(cancel);
      ended = co_await service.serve(socket);
    }
  }
  co_await socket.close();
  co_return ended;
}

}  // namespace

net::Task<> keep_connected(ControlPlane& control_plane, ChannelService& service, std::string name,
                           net::StopSource& stop) {
  Backoff backoff(kFirstWait, kLongestWait);
  net::Loop& loop = control_plane.fetcher().loop();
  while (!stop.stop_requested()) {
    const TimePoint begin = loop.now();
    const Error ended = co_await one_life(control_plane, service, name, stop);
    if (stop.stop_requested()) break;
    if (loop.now() - begin >= kLongLife) backoff.reset();
    const Duration wait = backoff.next();
    log::info("{}: {}; again in {}", name, ended.message,
              format_duration(std::chrono::duration_cast<std::chrono::milliseconds>(wait)));
    co_await service.on_ended(ended);
    co_await net::sleep_for(wait, stop);
  }
}

}  // namespace fl::agent::session
