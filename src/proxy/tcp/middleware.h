// TCP middlewares: they let a connection through to the next handler or end it (Traefik: inFlightConn, ipAllowList).
// Immutable but for inFlightConn's counts; shared by all workers.
#pragma once

#include "base/result.h"
#include "config/dynamic/tcp.h"
#include "proxy/tcp/handler.h"

namespace fl::proxy::tcp {

// `options` has exactly one kind. Errors: what is wrong with it.
Result<HandlerPtr> make_middleware(const config::dynamic::TcpMiddleware& options, HandlerPtr next);

}  // namespace fl::proxy::tcp
