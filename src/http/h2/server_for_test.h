// A server that a test speaks HTTP/2 to, frame by frame.
#pragma once

#include <functional>
#include <memory>
#include <optional>
#include <string>

#include "http/server.h"
#include "http/testing/http2_frames.h"
#include "net/wake.h"
#include "support/loop_fixture.h"

namespace fl::http::h2 {

using namespace http::testing;  // NOLINT: for tests only
using fl::testing::Peer;

struct Listener final : ClientGoneListener {
  bool gone = false;
  net::Wake wake;
  void on_client_gone() noexcept override {
    gone = true;
    wake.notify();
  }
};

inline net::Task<> until_gone(Exchange& x) {
  Listener listener;
  x.watch_client(&listener);
  while (!listener.gone) co_await listener.wake;
}

class ScriptedHandler final : public Handler {
 public:
  std::function<net::Task<>(Exchange&)> f;
  net::Task<> handle(Exchange& x) const override { return f(x); }
};

class Http2Server : public fl::testing::LoopFixture {
 protected:
  Http2Server() {
    handler.f = [](Exchange& x) -> net::Task<> {
      x.respond(200, "ok");
      co_return;
    };
  }
  ~Http2Server() override {
    if (server) server->close_all();
    quiesce();
    pass(3s);
  }

  // A client whose greeting is done; it sees the answers in `received`.
  std::unique_ptr<Peer> connect(std::string_view settings = "") {
    if (!server) server.emplace(loop, options, handler);
    auto [stream, peer] = make_pair();
    ConnectionInfo info;
    info.peer.ip = *net::IpAddress::parse("10.0.0.9");
    server->serve(std::move(stream), info);
    peer->send(std::string(kTestPreface) + frame(FrameType::settings, 0, 0, settings));
    settle(*peer);
    peer->send(frame(FrameType::settings, kAck, 0, ""));
    settle(*peer);
    return std::move(peer);
  }
  void settle(Peer& peer) {
    quiesce();
    received.take(peer.received);
  }
  void request(Peer& peer, uint32_t id, std::string path = "/", std::string method = "GET", bool ends = true) {
    peer.send(frame(FrameType::headers, kEndHeaders | (ends ? kEndStream : 0), id,
                    hpack(request_fields(std::move(method), std::move(path)))));
    settle(peer);
  }
  void window(Peer& peer, uint32_t id, uint32_t bytes) {
    peer.send(frame(FrameType::window_update, 0, id, number(bytes, 4)));
    settle(peer);
  }
  size_t data(uint32_t id) { return received.streams[id].data.size(); }

  ServerOptions options;
  ScriptedHandler handler;
  std::optional<Server> server;
  ReceivedFrames received;
};

}  // namespace fl::http::h2
