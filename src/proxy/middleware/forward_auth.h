// forwardAuth: asks a server whether a request may pass (Traefik: ForwardAuth). The question is the request's head,
// sent as a GET (or with preserveRequestMethod as it is) to `address`; X-Forwarded-Method, -Proto, -Host, -Uri, -For
// and -Port tell what was asked for.
//
//   2xx             the request goes on, with the fields and cookies of the answer that the options name
//   another status  the answer is the client's, its Location made absolute
//   no answer       500
//
// The question goes the way of every forwarded request: by this worker's kept connections, at an end with its client.
// A connection and an answer's head have 30 s each, and so has a body that is read here: that of a 2xx, and every one
// when maxResponseBodySize is set; others stream to the client. With forwardBody the request's body is held in memory.
//
// Not as in Traefik: an authSigninURL redirects with a plain text, and cookies are passed on as they are, where Go
// writes them anew. Proxy-Authorization is not asked about, for the entry point has taken it off.
#pragma once

#include "proxy/middleware/middleware.h"

namespace fl::proxy::middleware {

// Where the questions go.
Result<std::shared_ptr<const UpstreamSpec>> find_auth_server(const config::dynamic::ForwardAuth& options,
                                                             std::string_view name, TargetSource& source);

// Errors: the address is no http or https URL, a certificate without key, a regular expression that is none, an
// authSigninURL or names of fields that cannot be sent.
Result<HandlerPtr> make_forward_auth(const config::dynamic::ForwardAuth& options, HandlerPtr next,
                                     std::shared_ptr<const UpstreamSpec> server);

}  // namespace fl::proxy::middleware
