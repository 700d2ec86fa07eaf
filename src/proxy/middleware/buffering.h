// buffering: takes a whole request in before it is sent on, and a whole answer before the client gets it (Traefik:
// Buffering). Beyond mem...BodyBytes (1 MiB unless set) a body is kept in a file without a name.
//
//   a request's body above maxRequestBodyBytes   413 Request Entity Too Large
//   an answer's body above maxResponseBodyBytes  500
//   retryExpression holds                        the request once more, up to 10 times
//
// retryExpression is a predicate.h of Attempts(), ResponseCode(), IsNetworkError() (the answer is a 502 or 504) and
// RequestMethod(). An answer that is tried again is not taken in. Websockets and other upgrades are left alone.
// With disableRequestBuffer a limit holds for bodies whose size is known beforehand only, and one with a body is not
// tried again; with disableResponseBuffer answers have no limit.
#pragma once

#include "proxy/middleware/middleware.h"

namespace fl::proxy::middleware {

// Errors: a retryExpression that cannot be read.
Result<HandlerPtr> make_buffering(const config::dynamic::Buffering& options, HandlerPtr next);

}  // namespace fl::proxy::middleware
