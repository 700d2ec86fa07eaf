// GET /fairlead/v1/watch: what changes in the caller's account and region, as server-sent events. Query: once=true for
// one event a request. Header Last-Event-ID: the revision to go on from. On the loop of its HTTP server.
#pragma once

#include "control/api/front.h"
#include "control/watch/event_stream.h"
#include "control/watch/watch_hub.h"
#include "http/exchange.h"

namespace fl::control::watch {

class WatchHandler final : public http::Handler {
 public:
  // Both outlive the handler.
  WatchHandler(const api::Front& front, WatchHub& hub) : front_(front), hub_(hub) {}

  net::Task<> handle(http::Exchange& exchange) const override;

  // Ends every watch; who watched comes back to whoever serves next.
  void end_all() const {
    for (EventStream* stream : open_) stream->end();
  }

  static constexpr std::string_view kPath = "/fairlead/v1/watch";

 private:
  const api::Front& front_;
  WatchHub& hub_;
  mutable std::set<EventStream*> open_;
};

}  // namespace fl::control::watch
