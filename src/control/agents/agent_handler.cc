#include "control/agents/agent_handler.h"

#include "base/log.h"
#include "control/agents/acs_session.h"
#include "control/agents/tcs_session.h"
#include "control/api/names.h"
#include "control/api/query_form.h"
#include "http/websocket.h"

namespace fl::control::agents {

net::Task<> AgentHandler::handle(http::Exchange& exchange) const {
  const http::RequestHead& head = exchange.request;
  const auth::ReceivedRequest request{head.method, head.path, head.query, &head.headers, ""};
  const auto identity = front_.authenticate(request, "ecs");
  if (!identity) co_return exchange.respond_owned(403, identity.error().message + "\n", "text/plain");

  // ACS and TCS name their parameters differently.
  const bool is_acs = head.path == kAcsPath;
  const api::FormParameters parameters = api::parse_form(head.query);
  const state::Scope scope{identity->key.account, identity->region};
  const auto view = writer_.view();
  const auto cluster_name = api::find_parameter(parameters, is_acs ? "clusterArn" : "cluster");
  const auto instance_name =
      api::find_parameter(parameters, is_acs ? "containerInstanceArn" : "containerInstance").value_or("");
  const auto cluster = api::find_cluster(scope, view->in(scope),
                                         cluster_name ? std::optional(std::string(*cluster_name)) : std::nullopt);
  const auto* instance =
      cluster ? api::find_instance(scope, view->in(scope), (*cluster)->name, instance_name) : nullptr;
  // The agent of an instance that is not there may register anew; that of a deregistered one is to stay away.
  if (instance == nullptr)
    co_return exchange.respond_owned(
        400, R"({"__type":"InvalidInstanceException","message":"The container instance is not known."})",
        "application/json");
  if (instance->shape.status == "INACTIVE")
    co_return exchange.respond_owned(
        400, R"({"__type":"InactiveInstanceException","message":"The container instance is not registered."})",
        "application/json");
  InstanceKey key{scope, (*cluster)->name, instance->id};
  log::debug("agents: {} {} of {} connects", is_acs ? "ACS" : "TCS", key.id, key.cluster);
  (void)http::accept_websocket(
      exchange, [this, is_acs, key = std::move(key)](net::Stream& stream, net::InBuffer& in) mutable {
        return is_acs ? serve_acs(stream, in, std::move(key)) : serve_tcs(stream, in, std::move(key));
      });
}

void AgentHandler::end_all() {
  // Each takes itself out of its set when it has ended, perhaps at once.
  for (AcsSession* session : std::set(acs_)) session->end("The control plane is shutting down.");
  for (http::WebSocket* socket : std::set(tcs_)) socket->cancel();
}

net::Task<> AgentHandler::serve_acs(net::Stream& stream, net::InBuffer& in, InstanceKey key) const {
  http::WebSocket socket(stream, in, http::WebSocketRole::server);
  AcsSession session(socket, links_, std::move(key), *keys_, ids_);
  acs_.insert(&session);
  co_await session.run();
  acs_.erase(&session);
  co_await socket.close();
}

net::Task<> AgentHandler::serve_tcs(net::Stream& stream, net::InBuffer& in, InstanceKey key) const {
  http::WebSocket socket(stream, in, http::WebSocketRole::server);
  TcsSession session(socket, writer_, std::move(key));
  tcs_.insert(&socket);
  co_await session.run();
  tcs_.erase(&socket);
  co_await socket.close();
}

}  // namespace fl::control::agents
