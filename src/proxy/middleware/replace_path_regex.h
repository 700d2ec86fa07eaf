// replacePathRegex: replaces every match of an expression in the escaped path; the path it was goes into
// X-Replaced-Path, the query stays (Traefik: ReplacePathRegex). A result that is no path is answered with 500, one that
// is not sanitized with 400.
#pragma once

#include "proxy/middleware/middleware.h"

namespace fl::proxy::middleware {

// Errors: the expression is not valid.
Result<HandlerPtr> make_replace_path_regex(const config::dynamic::ReplacePathRegex& options, HandlerPtr next);

}  // namespace fl::proxy::middleware
