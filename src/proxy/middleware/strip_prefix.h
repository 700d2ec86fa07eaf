// stripPrefix: takes the first of some prefixes that the path begins with off it (Traefik: StripPrefix).
//
// The path is compared in its routing form, as PathPrefix compares it: "/a b" matches "/a%20b", but "/a/b" does not
// match
// "/a%2Fb". Traefik decodes "%2F" here, so that a rule and its middleware see different paths.
#pragma once

#include "proxy/middleware/middleware.h"

namespace fl::proxy::middleware {

Result<HandlerPtr> make_strip_prefix(const config::dynamic::StripPrefix& options, HandlerPtr next);

}  // namespace fl::proxy::middleware
