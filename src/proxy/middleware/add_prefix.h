// addPrefix: puts a prefix in front of the path (Traefik: AddPrefix).
#pragma once

#include "proxy/middleware/middleware.h"

namespace fl::proxy::middleware {

Result<HandlerPtr> make_add_prefix(const config::dynamic::AddPrefix& options, HandlerPtr next);

}  // namespace fl::proxy::middleware
