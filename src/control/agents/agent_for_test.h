// A scripted container agent: a real ACS connection that keeps what it hears, acknowledges when told, and reports
// through the API. For tests, on their one loop.
#pragma once

#include <gtest/gtest.h>

#include <deque>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "ecs/agent_protocol.h"
#include "http/fetch.h"
#include "http/websocket.h"

namespace fl::control::agents {

class AgentForTest {
 public:
  AgentForTest(http::Fetcher& fetcher, std::string url) : fetcher_(fetcher), url_(std::move(url)) {}

  bool acknowledges = true;
  std::vector<ecs::agent::PayloadMessage> payloads;  // in the order of arrival
  std::vector<ecs::agent::TaskManifestMessage> manifests;
  std::vector<std::string> others;  // types of other messages
  std::optional<ecs::agent::TaskStopVerificationAck> confirmed;
  bool is_open = false, has_ended = false;
  std::string error;

  // Connects and listens until the connection ends.
  net::Task<> run() {
    auto connection =
        co_await http::connect_websocket(fetcher_, {.url = *http::Url::parse(url_), .headers = {}, .body = {}});
    if (!connection) {
      error = connection.error().message;
      has_ended = true;
      co_return;
    }
    {
      http::WebSocket socket(*(*connection)->stream, (*connection)->in, http::WebSocketRole::client);
      socket_ = &socket;
      is_open = true;
      while (auto message = co_await socket.receive()) take(message->data);
      is_open = false;
      socket_ = nullptr;
      co_await socket.close();
    }
    has_ended = true;
  }
  void hang_up() {
    if (socket_ != nullptr) socket_->cancel();
  }
  template <class Message>
  void send(const Message& message) {
    socket_->send_text(ecs::agent::to_text(message));
  }
  void send_text(std::string_view text) { socket_->send_text(text); }

  // The tasks of all payloads so far, and takes them away.
  std::vector<ecs::agent::Task> take_tasks() {
    std::vector<ecs::agent::Task> out;
    for (auto& payload : payloads)
      for (auto& task : *payload.tasks) out.push_back(std::move(task));
    payloads.clear();
    return out;
  }

 private:
  void take(std::string_view text) {
    const auto envelope = ecs::agent::parse_envelope(text);
    ASSERT_TRUE(envelope) << text;
    if (envelope->type == ecs::agent::PayloadMessage::kType) {
      auto& payload = payloads.emplace_back();
      ASSERT_TRUE(decode(envelope->message, payload));
      if (acknowledges) send(ecs::agent::AckRequest{.message_id = payload.message_id});
    } else if (envelope->type == ecs::agent::TaskManifestMessage::kType) {
      ASSERT_TRUE(decode(envelope->message, manifests.emplace_back()));
    } else if (envelope->type == ecs::agent::TaskStopVerificationAck::kType) {
      ASSERT_TRUE(decode(envelope->message, confirmed.emplace()));
    } else {
      if (envelope->type == ecs::agent::HeartbeatMessage::kType) {
        ecs::agent::HeartbeatMessage beat;
        ASSERT_TRUE(decode(envelope->message, beat));
        if (beat.message_id) send(ecs::agent::HeartbeatAckRequest{.message_id = beat.message_id});
      }
      others.push_back(envelope->type);
    }
  }

  http::Fetcher& fetcher_;
  const std::string url_;
  http::WebSocket* socket_ = nullptr;
};

}  // namespace fl::control::agents
