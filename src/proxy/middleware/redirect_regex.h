// redirectRegex: sends clients whose whole URL matches an expression to what replacing the matches makes of it
// (Traefik: RedirectRegex). A result that is no URL is answered with 502; the URL itself is passed on.
//
// Differs from Traefik where a trusted peer says in X-Forwarded-Proto how the client came: wss counts as https, and
// http is believed on a TLS connection too, as redirectScheme does.
#pragma once

#include "proxy/middleware/middleware.h"

namespace fl::proxy::middleware {

// Errors: the expression is not valid.
Result<HandlerPtr> make_redirect_regex(const config::dynamic::RedirectRegex& options, HandlerPtr next);

}  // namespace fl::proxy::middleware
