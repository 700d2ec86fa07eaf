// The dashboard's one page (service dashboard@internal): entry points, routers, services and middlewares with their
// state, read from the API beside it. Shared by all workers, immutable.
#pragma once

#include <string>
#include <string_view>

#include "http/exchange.h"

namespace fl::admin {

// web/dashboard.html, put into the program by tools/embed_web.cmake.
extern const std::string_view kDashboardPage;

class DashboardHandler final : public http::Handler {
 public:
  DashboardHandler();

  // GET of a path that ends with /dashboard/, or of nothing or / when a middleware has cut that off. 404, 405
  // otherwise.
  net::Task<> handle(http::Exchange& exchange) const override;

 private:
  const std::string policy_;  // Content-Security-Policy: nothing but the page's own script and style may run
};

}  // namespace fl::admin
