// Guards a router that a provider made by its default rule: such a rule may match the very host by which the proxy
// itself is reached, and then its service leads back here without end. The request carries the router's mark; one that
// comes with it already gets 400. Source: Traefik, DenyRouterRecursion and its header X-Traefik-Router.
#pragma once

#include <string_view>

#include "proxy/middleware/middleware.h"

namespace fl::proxy::middleware {

HandlerPtr make_router_loop(std::string_view router, HandlerPtr next);

}  // namespace fl::proxy::middleware
