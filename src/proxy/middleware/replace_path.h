// replacePath: gives every request one path; the one it came with goes into X-Replaced-Path, the query stays (Traefik:
// ReplacePath). With a path that has a broken percent-escape every request is answered 500, as there.
#pragma once

#include "proxy/middleware/middleware.h"

namespace fl::proxy::middleware {

Result<HandlerPtr> make_replace_path(const config::dynamic::ReplacePath& options, HandlerPtr next);

}  // namespace fl::proxy::middleware
