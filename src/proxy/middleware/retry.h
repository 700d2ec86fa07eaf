// retry: a request that reached no server, or was answered with one of the statuses listed, is handled again by all
// that stands behind (Traefik: Retry). Every attempt begins with the request as it came here, chooses its server anew
// and counts in traefik_service_retries_total. With statuses the body is held, up to maxRequestBodyBytes; a longer one,
// and methods that may not be repeated (RFC 9110 9.2.2), are not sent again for a status. Between attempts the wait
// grows from initialInterval to twice that; nobody waits for a client that has gone.
#pragma once

#include "proxy/middleware/middleware.h"

namespace fl::proxy::middleware {

// Errors: no attempts, statuses that are none, nothing to retry for.
Result<HandlerPtr> make_retry(const config::dynamic::Retry& options, HandlerPtr next);

}  // namespace fl::proxy::middleware
