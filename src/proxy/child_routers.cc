#include "proxy/child_routers.h"

#include "proxy/answers.h"
#include "proxy/routing/request_path.h"
#include "proxy/routing/route_request.h"
#include "proxy/transaction.h"

namespace fl::proxy {

net::Task<> ChildRouters::handle(http::Exchange& x) const {
  // A middleware has made this path of one that was in normal form; what it may hold was decided before.
  const auto path = routing::make_request_path(x.request.path.empty() ? "/" : x.request.path, false, {}, x.arena);
  if (!path) return answer_error(x, 400);
  const int id = routers_.table.find(routing::make_route_request(x, path->routing));
  if (id < 0) return answer_not_found(x);
  const RouterSnapshot& router = *routers_.routers[static_cast<size_t>(id)];
  telemetry::RequestRecord& record = Transaction::of(x).record;
  record.router_path =
      x.arena.concat({record.router_path.empty() ? record.router : record.router_path, " -> ", router.name});
  record.router = router.name;
  return router.handler->handle(x);
}

}  // namespace fl::proxy
