// headers: sets and removes header fields, answers CORS preflights, refuses foreign hosts, adds the fields browsers
// want for security (Traefik: Headers).
//
// Way in: preflight -> custom request fields -> allowedHosts; way out, later ones win: security, custom response
// fields, CORS. Differs from Traefik: a name or value that cannot be sent is an error of the middleware, not of each
// request; Host must be a host with or without port; Origin is added to Vary beside what is there.
#pragma once

#include "proxy/middleware/middleware.h"

namespace fl::proxy::middleware {

// Errors: nothing is set; an expression, a header name or value, a host is not valid.
Result<HandlerPtr> make_headers(const config::dynamic::Headers& options, HandlerPtr next);

}  // namespace fl::proxy::middleware
