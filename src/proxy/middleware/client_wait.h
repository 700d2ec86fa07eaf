// Waiting on a request's behalf, but not for a client that has gone. Worker thread.
#pragma once

#include "http/exchange.h"
#include "net/stop.h"

namespace fl::proxy::middleware {

// -> false when the client went away meanwhile; then the exchange is answered (499) and done with.
net::Task<bool> wait_for_client(http::Exchange& exchange, Duration wait);

}  // namespace fl::proxy::middleware
