// digestAuth: only who proves to know the password of a listed name goes on (Traefik: DigestAuth; RFC 7616 with MD5 and
// qop=auth, as Traefik has it). A nonce says by itself that it is ours, and is good for an hour; only of nonces that
// were used the count is kept, so that no request can be sent twice. A client whose nonce is too old, unknown or used
// up is told so (stale=true) and needs no password again. The name goes into the access log either way.
//
// The uri that is signed has to be the target the client sent, whatever middlewares before this one made of the path.
#pragma once

#include "proxy/middleware/middleware.h"

namespace fl::proxy::middleware {

// Errors: nobody listed, a line that is not name:realm:hash, a file that cannot be read, names that are no field names.
Result<HandlerPtr> make_digest_auth(const config::dynamic::DigestAuth& options, HandlerPtr next);

}  // namespace fl::proxy::middleware
