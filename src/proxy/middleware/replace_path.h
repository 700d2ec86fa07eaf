// replacePath: gives every request one path; the one it came with goes into X-Replaced-Path, the query stays (Traefik:
// ReplacePath). A path with a broken percent-escape is an error here; Traefik answers each request with 500.
#pragma once

#include "proxy/middleware/middleware.h"

namespace fl::proxy::middleware {

Result<HandlerPtr> make_replace_path(const config::dynamic::ReplacePath& options, HandlerPtr next);

}  // namespace fl::proxy::middleware
