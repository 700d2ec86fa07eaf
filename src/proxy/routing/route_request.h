// What rules look at, of a request as it stands. Pure.
#pragma once

#include <string_view>

#include "http/exchange.h"
#include "proxy/rules/matcher.h"

namespace fl::proxy::routing {

// `path`: its routing form. The result's views live as long as the exchange and its head stay as they are.
rules::RouteRequest make_route_request(http::Exchange& exchange, std::string_view path);

}  // namespace fl::proxy::routing
