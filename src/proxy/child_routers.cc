#include "proxy/child_routers.h"

#include "proxy/answers.h"
#include "proxy/routing/request_path.h"
#include "proxy/routing/route_request.h"
#include "proxy/transaction.h"

namespace fl::proxy {

net::Task<> ChildRouters::handle(http::Exchange& x) const {
  const std::string_view path = routing::make_routing_path(x.request.path.empty() ? "/" : x.request.path, x.arena);
  const int id = routers_.table.find(routing::make_route_request(x, path));
  if (id < 0) return answer_not_found(x);
  const RouterSnapshot& router = *routers_.routers[static_cast<size_t>(id)];
  telemetry::RequestRecord& record = Transaction::of(x).record;
  record.router_path =
      x.arena.concat({record.router_path.empty() ? record.router : record.router_path, " -> ", router.name});
  record.router = router.name;
  return router.handler->handle(x);
}

}  // namespace fl::proxy
