#include "control/watch/watch_handler.h"

#include "base/strings.h"
#include "control/api/query_form.h"
#include "control/watch/event_stream.h"

namespace fl::control::watch {

net::Task<> WatchHandler::handle(http::Exchange& exchange) const {
  const http::RequestHead& head = exchange.request;
  if (head.method != "GET") co_return exchange.respond(405, "A watch is a GET.\n");
  const auth::ReceivedRequest request{head.method, head.path, head.query, &head.headers, ""};
  const auto identity = front_.authenticate(request, "ecs");
  if (!identity) co_return exchange.respond_owned(403, identity.error().message + "\n", "text/plain");
  const auto* last_id = head.headers.find("Last-Event-ID");
  const auto since = last_id == nullptr ? std::nullopt : parse_int(*last_id);
  const bool once = api::find_parameter(api::parse_form(head.query), "once") == "true";
  exchange.response.status = 200;
  exchange.response.framing = http::Framing::chunked;
  exchange.response.headers.append("Content-Type", "text/event-stream");
  exchange.response.headers.append("Cache-Control", "no-store");
  exchange.response_body =
      std::make_unique<EventStream>(hub_, open_, state::Scope{identity->key.account, identity->region}, since, once);
}

}  // namespace fl::control::watch
