// stripPrefixRegex: takes the first match of some expressions that the path begins with off it (Traefik:
// StripPrefixRegex). The path is compared in its routing form, see strip_prefix.h.
#pragma once

#include "proxy/middleware/middleware.h"

namespace fl::proxy::middleware {

// Errors: an expression is not valid.
Result<HandlerPtr> make_strip_prefix_regex(const config::dynamic::StripPrefixRegex& options, HandlerPtr next);

}  // namespace fl::proxy::middleware
