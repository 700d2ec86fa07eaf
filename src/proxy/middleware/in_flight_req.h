// inFlightReq: at most `amount` requests of a source at a time, counted until their answers are out; the others are
// answered 429 (Traefik: InFlightReq). The count belongs to the route that uses the middleware; all workers share it.
#pragma once

#include "proxy/middleware/middleware.h"

namespace fl::proxy::middleware {

// Errors: a source criterion that makes no sense.
Result<HandlerPtr> make_in_flight_req(const config::dynamic::InFlightReq& options, HandlerPtr next);

}  // namespace fl::proxy::middleware
