// For tests: a control plane that follows a script, on the agent's own loop: takes registrations and state changes,
// serves both channels, sends what the test says and notes what comes.
#pragma once

#include <fmt/format.h>
#include <gtest/gtest.h>

#include <list>
#include <map>
#include <memory>
#include <string>
#include <vector>

#include "base/json.h"
#include "ecs/agent_protocol.h"
#include "ecs/generated/ecs_operations.h"
#include "http/server.h"
#include "http/websocket.h"
#include "net/listener.h"

namespace fl::agent {

class FakeControlPlane final : public http::Handler {
 public:
  static constexpr std::string_view kInstance = "arn:aws:ecs:eu-west-1:000000000000:container-instance/fl/aaaa";

  explicit FakeControlPlane(net::Loop& loop, uint16_t port = 0) : loop_(loop), server_(loop, {}, *this) {
    listener_ = std::make_unique<net::Listener>(
        loop, *net::listen_tcp("127.0.0.1", port),
        [this](int fd, const net::SocketAddress&) { server_.serve(std::make_unique<net::TcpStream>(loop_, fd), {}); });
    port_ = net::local_address(listener_->fd())->port;
  }
  // Every connection ends; to be turned until idle() before destruction.
  void close() {
    listener_.reset();
    server_.close_all();
  }
  bool idle() const { return server_.connections() == 0; }

  std::string url() const { return fmt::format("http://127.0.0.1:{}", port_); }
  uint16_t port() const { return port_; }

  // ---- what came
  std::vector<std::pair<std::string, json::Value>> calls;  // action and request
  std::vector<std::string> authorizations;                 // of the calls, in the same order
  std::vector<std::string> targets;                        // of the WebSocket requests
  std::vector<ecs::agent::Envelope> from_acs, from_tcs;
  std::vector<ecs::SubmitTaskStateChangeRequest> changes;
  int acs_connections = 0;

  // ---- what is answered
  std::map<std::string, std::pair<int, std::string>> refusals;  // by action: status and body
  bool acknowledges = true;                                     // state changes; false: 503

  template <class Message>
  void send(const Message& message) {
    ASSERT_NE(acs_, nullptr) << "no ACS connection";
    acs_->send_text(ecs::agent::to_text(message));
  }
  void send_text(std::string_view text) { acs_->send_text(text); }
  bool has_acs() const { return acs_ != nullptr; }
  void drop_acs() { acs_->cancel(); }

  size_t count(std::string_view type) const {
    return static_cast<size_t>(std::ranges::count(from_acs, type, &ecs::agent::Envelope::type));
  }
  size_t count_calls(std::string_view action) const {
    return static_cast<size_t>(std::ranges::count(calls, action, &std::pair<std::string, json::Value>::first));
  }
  // The statuses told of a task, in order.
  std::vector<std::string> told(std::string_view arn) const {
    std::vector<std::string> out;
    for (const auto& change : changes)
      if (change.task == arn) out.push_back(change.status.value_or(""));
    return out;
  }

  net::Task<> handle(http::Exchange& exchange) const override {
    auto& self = const_cast<FakeControlPlane&>(*this);  // a test's handler has a memory
    if (exchange.request.method_id == http::Method::get) {
      self.targets.push_back(fmt::format("{}?{}", exchange.request.path, exchange.request.query));
      const bool is_acs = exchange.request.path == "/ws";
      http::accept_websocket(exchange, [&self, is_acs](net::Stream& stream, net::InBuffer& in) {
        return is_acs ? self.acs(stream, in) : self.tcs(stream, in);
      });
      co_return;
    }
    std::string body;
    while (exchange.request_body != nullptr) {
      const http::BodyChunk chunk = co_await exchange.request_body->read();
      body += chunk.data;
      if (chunk.last || chunk.error != http::BodyError::none) break;
    }
    const std::string_view target = *exchange.request.headers.find("X-Amz-Target");
    const std::string action(target.substr(target.find('.') + 1));
    const auto* authorization = exchange.request.headers.find("Authorization");
    self.authorizations.emplace_back(authorization == nullptr ? std::string_view() : *authorization);
    self.answer(exchange, action, json::parse(body).value_or(json::Value()));
  }

 private:
  void answer(http::Exchange& exchange, const std::string& action, json::Value request) {
    calls.emplace_back(action, request);
    if (const auto refusal = refusals.find(action); refusal != refusals.end())
      return exchange.respond_owned(static_cast<uint16_t>(refusal->second.first), refusal->second.second,
                                    "application/x-amz-json-1.1");
    json::Value out = json::Object{};
    if (action == "RegisterContainerInstance") {
      out = json::Object{{"containerInstance", json::Object{{"containerInstanceArn", kInstance}}}};
    } else if (action == "DiscoverPollEndpoint") {
      out = json::Object{{"endpoint", url() + "/"}, {"telemetryEndpoint", url() + "/tcs"}};
    } else if (action == "SubmitTaskStateChange") {
      if (!acknowledges)
        return exchange.respond_owned(503, R"({"__type":"ServerException"})", "application/x-amz-json-1.1");
      ecs::SubmitTaskStateChangeRequest change;
      EXPECT_TRUE(decode(request, change));
      changes.push_back(std::move(change));
      out = json::Object{{"acknowledgment", "ACCEPT"}};
    }
    exchange.respond_owned(200, json::to_text(out), "application/x-amz-json-1.1");
  }

  net::Task<> acs(net::Stream& stream, net::InBuffer& in) {
    http::WebSocket socket(stream, in, http::WebSocketRole::server);
    acs_ = &socket;
    ++acs_connections;
    while (auto message = co_await socket.receive()) from_acs.push_back(*ecs::agent::parse_envelope(message->data));
    if (acs_ == &socket) acs_ = nullptr;
    co_await socket.close();
  }
  net::Task<> tcs(net::Stream& stream, net::InBuffer& in) {
    http::WebSocket socket(stream, in, http::WebSocketRole::server);
    while (auto message = co_await socket.receive()) {
      const auto text = ecs::agent::split_telemetry(message->data);
      EXPECT_TRUE(text.headers.contains("Authorization: AWS4-HMAC-SHA256 ")) << text.headers;
      from_tcs.push_back(*ecs::agent::parse_envelope(text.body));
      socket.send_text(ecs::agent::to_text(ecs::agent::AckPublishMetric{"ok"}));
    }
    co_await socket.close();
  }

  net::Loop& loop_;
  http::Server server_;
  std::unique_ptr<net::Listener> listener_;
  uint16_t port_ = 0;
  http::WebSocket* acs_ = nullptr;  // the newest connection
};

}  // namespace fl::agent
