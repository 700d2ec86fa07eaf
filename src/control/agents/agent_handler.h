// Where agents connect: GET /ws (ACS) and /tcs/ws (TCS), as DiscoverPollEndpoint advertises them. On the loop of its
// HTTP server; outlives its exchanges.
#pragma once

#include <memory>
#include <set>

#include "control/agents/links.h"
#include "control/api/front.h"
#include "control/auth/temporary_keys.h"
#include "http/exchange.h"
#include "http/websocket.h"

namespace fl::control::agents {

class AcsSession;

class AgentHandler final : public http::Handler {
 public:
  // All outlive the handler.
  AgentHandler(const api::Front& front, state::Writer& writer, Links& links,
               std::shared_ptr<const auth::TemporaryKeys> keys)
      : front_(front), writer_(writer), links_(links), keys_(std::move(keys)) {}

  net::Task<> handle(http::Exchange& exchange) const override;
  // Says goodbye to every agent; they come back to whoever serves next.
  void end_all();

  static constexpr std::string_view kAcsPath = "/ws", kTcsPath = "/tcs/ws";

 private:
  net::Task<> serve_acs(net::Stream& stream, net::InBuffer& in, InstanceKey key) const;
  net::Task<> serve_tcs(net::Stream& stream, net::InBuffer& in, InstanceKey key) const;

  const api::Front& front_;
  state::Writer& writer_;
  Links& links_;
  std::shared_ptr<const auth::TemporaryKeys> keys_;
  mutable state::IdSource ids_;
  mutable std::set<AcsSession*> acs_;
  mutable std::set<http::WebSocket*> tcs_;
};

}  // namespace fl::control::agents
