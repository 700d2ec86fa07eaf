// errors: for answers with one of the statuses listed, a service makes the page (Traefik: Errors). It is asked with GET
// for `query`, with the request's host and fields, or those of errorRequestHeaders alone; the client gets its answer
// with the status that was, or what statusRewrites makes of it. What the service itself answered is seen in nothing
// else. Where two entries of statusRewrites know a status, the first in alphabetical order counts; in Traefik any of
// them.
#pragma once

#include "proxy/middleware/middleware.h"

namespace fl::proxy::middleware {

// `service`: null when only the options are checked. Errors: no service, statuses that are none.
Result<HandlerPtr> make_errors(const config::dynamic::Errors& options, HandlerPtr next, HandlerPtr service);

}  // namespace fl::proxy::middleware
