// TCS, the channel on which an agent tells how its containers and its machine fare: one connection. On the loop of its
// API thread. Health goes to the state when it changes; metrics are acknowledged and dropped.
#pragma once

#include <string_view>

#include "control/agents/links.h"
#include "ecs/agent_protocol.h"
#include "http/websocket.h"

namespace fl::control::agents {

class TcsSession {
 public:
  // Both outlive it.
  TcsSession(http::WebSocket& socket, state::Writer& writer, InstanceKey key);

  net::Task<> run();

  static constexpr Duration kHeartbeat = 60s;
  static constexpr Duration kSilence = 300s;

 private:
  net::Task<> on_message(std::string_view text);
  net::Task<> put_health(ecs::agent::PublishHealthRequest request);
  net::Task<> put_status(ecs::agent::PublishInstanceStatusRequest request);

  http::WebSocket& socket_;
  state::Writer& writer_;
  const InstanceKey key_;
};

}  // namespace fl::control::agents
