// rateLimit: a bucket of `burst` tokens a source, refilled by `average` a `period`; a request takes one, may wait a
// moment for it, and else is answered 429 with Retry-After and X-Retry-In (Traefik: RateLimit). A bucket belongs to the
// route that uses the middleware, all workers share it, and a change of the route begins with full ones.
#pragma once

#include "proxy/middleware/middleware.h"

namespace fl::proxy::middleware {

// Errors: negative numbers, a source criterion that makes no sense; `redis`, which is not there yet.
Result<HandlerPtr> make_rate_limit(const config::dynamic::RateLimit& options, HandlerPtr next);

}  // namespace fl::proxy::middleware
