// contentType: gives an answer that came without a Content-Type the one its first bytes look like; without this
// middleware nobody guesses (Traefik: ContentType). As Go's server does it: not for an empty answer, nor for one with a
// Content-Encoding. The answer's head waits for the first of its body.
#pragma once

#include "proxy/middleware/middleware.h"

namespace fl::proxy::middleware {

Result<HandlerPtr> make_content_type(const config::dynamic::ContentType& options, HandlerPtr next);

}  // namespace fl::proxy::middleware
