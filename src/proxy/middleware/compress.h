// compress: answers under the content coding that the client likes best (Traefik: Compress; RFC 9110 12.5.3).
// Not compressed: answers to HEAD, answers that have a coding or less than `minResponseBodyBytes`, and types that are
// excluded or not included; gRPC never. Differences from Traefik, all by RFC 9110: parts of a document (206) and
// answers that say `no-transform` are left alone, an ETag becomes a weak one, `Accept-Ranges` goes. As in Traefik a
// lone
// `*` does not ask for gzip.
#pragma once

#include "proxy/middleware/middleware.h"

namespace fl::proxy::middleware {

// Errors: both lists of types, a type that is none, no or an unknown encoding, a default that is not among them.
Result<HandlerPtr> make_compress(const config::dynamic::Compress& options, HandlerPtr next);

}  // namespace fl::proxy::middleware
