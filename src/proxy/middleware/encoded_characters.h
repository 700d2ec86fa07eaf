// encodedCharacters: refuses paths with percent-encoded characters that servers are known to disagree about, with 400
// (Traefik: EncodedCharacters). Unlike the entry point's option of that name, everything is refused unless allowed.
#pragma once

#include "proxy/middleware/middleware.h"

namespace fl::proxy::middleware {

Result<HandlerPtr> make_encoded_characters(const config::EncodedCharacters<false>& options, HandlerPtr next);

}  // namespace fl::proxy::middleware
