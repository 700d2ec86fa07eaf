// basicAuth: only who gives a name and password of the list goes on (Traefik: BasicAuth; RFC 7617). Hashes are checked
// beside the loop; a password that was right is remembered by its digest, so that a client's next requests cost no
// hash. A name that is not listed takes as long as one that is. The name goes into the access log either way.
#pragma once

#include "proxy/middleware/middleware.h"

namespace fl::proxy::middleware {

// Errors: nobody listed, a line that is not name:hash, a hash of no known kind, a file that cannot be read, names that
// are no field names.
Result<HandlerPtr> make_basic_auth(const config::dynamic::BasicAuth& options, HandlerPtr next);

}  // namespace fl::proxy::middleware
