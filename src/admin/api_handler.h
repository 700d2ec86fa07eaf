// The read-only API that Traefik's dashboard, tools and users know (service api@internal): what is configured, what
// became of it and why. Answers are made from the newest report when asked for. Shared by all workers, immutable.
//
//   <basePath>/api/rawdata, overview, version, entrypoints, {http,tcp,udp}/{routers,services,middlewares}, certificates
//   <basePath>, <basePath>/dashboard/      the dashboard, unless api.dashboard is false
//   <basePath>/debug/vars, /debug/pprof/cmdline      with api.debug
#pragma once

#include <memory>
#include <string>
#include <string_view>

#include "admin/dashboard_handler.h"
#include "admin/state.h"
#include "http/exchange.h"

namespace fl::admin {

class ApiHandler final : public http::Handler {
 public:
  explicit ApiHandler(std::shared_ptr<const State> state);

  // GET only (405); what is no route answers 404.
  net::Task<> handle(http::Exchange& exchange) const override;

 private:
  const std::shared_ptr<const State> state_;
  const std::string base_;  // api.basePath without a slash at its end
  const bool has_dashboard_;
  const bool has_debug_;
  const DashboardHandler dashboard_;
};

}  // namespace fl::admin
