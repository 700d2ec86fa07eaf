// A client of HTTP/1, the proxy and servers of its that speak HTTP/2, scripted frame by frame.
#pragma once

#include <csignal>
#include <memory>
#include <optional>
#include <string>
#include <string_view>

#include "http/testing/http2_frames.h"
#include "proxy/proxy_for_test.h"

namespace fl::proxy {

using namespace http::testing;

class ForwardHttp2 : public ProxyForTest {
 protected:
  ForwardHttp2() { std::signal(SIGPIPE, SIG_IGN); }

  void start() {
    if (std::exchange(started, true)) return;
    publish(all_to({url_of(origin)}));
  }
  static std::string url_of(const fl::testing::Origin& server) {
    return "h2c://127.0.0.1:" + std::to_string(server.port());
  }
  std::unique_ptr<Peer> ask(std::string_view request) {
    start();
    auto client = connect();
    client->send(request);
    return client;
  }
  // The origin's end of the next connection.
  void accept_silently() {
    upstream = accept_at(origin);
    received.emplace();
    ASSERT_TRUE(turn_until([&] { return upstream->received.size() >= kTestPreface.size(); }));
    EXPECT_TRUE(upstream->received.starts_with(kTestPreface));
    upstream->received.erase(0, kTestPreface.size());
  }
  void greet(const std::string& settings) {
    say(frame(FrameType::settings, 0, 0, settings) + frame(FrameType::settings, kAck, 0, ""));
  }
  void accept(const std::string& settings = "") {
    accept_silently();
    greet(settings);
  }
  void settle() {
    quiesce();
    if (upstream) received->take(upstream->received);
  }
  void say(std::string_view bytes) {
    upstream->send(bytes);
    settle();
  }
  static std::string head(uint32_t id, const TestFields& fields, bool ends = false) {
    return frame(FrameType::headers, kEndHeaders | (ends ? kEndStream : 0), id, hpack(fields));
  }
  static std::string answer(uint32_t id, const std::string& body = "ok") {
    return head(id, {{":status", "200"}}) + frame(FrameType::data, kEndStream, id, body);
  }
  static std::string setting(uint16_t id, uint32_t value) { return number(id, 2) + number(value, 4); }

  fl::testing::Origin origin{loop};
  std::unique_ptr<Peer> upstream;
  std::optional<ReceivedFrames> received;
  bool started = false;
};

}  // namespace fl::proxy
