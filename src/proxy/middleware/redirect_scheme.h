// redirectScheme: sends clients that came by another scheme or port to the configured one, on the same host, path and
// query (Traefik: RedirectScheme). A request without a host cannot be sent anywhere and is answered with 400.
#pragma once

#include "proxy/middleware/middleware.h"

namespace fl::proxy::middleware {

// Errors: no scheme, or one that is none; a port that is none.
Result<HandlerPtr> make_redirect_scheme(const config::dynamic::RedirectScheme& options, HandlerPtr next);

}  // namespace fl::proxy::middleware
