// contentType: accepted so that configurations go on working; does nothing (Traefik: ContentType, which guesses the
// type of an answer that has none from its first bytes). No answer of ours is ever given a guessed type: it makes a
// browser run what the server never called a script.
#pragma once

#include "proxy/middleware/middleware.h"

namespace fl::proxy::middleware {

Result<HandlerPtr> make_content_type(const config::dynamic::ContentType& options, HandlerPtr next);

}  // namespace fl::proxy::middleware
