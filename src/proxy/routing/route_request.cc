#include "proxy/routing/route_request.h"

#include "proxy/routing/request_path.h"

namespace fl::proxy::routing {

rules::RouteRequest make_route_request(http::Exchange& x, std::string_view path) {
  const http::RequestHead& request = x.request;
  return {.host = canonical_host(request.authority, x.arena),
          .cname = {},
          .path = path,
          .method = request.method,
          .query = request.query,
          .headers = request.headers,
          .client = x.connection().peer.ip};
}

}  // namespace fl::proxy::routing
