// The proxy's own short answers, worded as Traefik's so that users' tests and alerts go on working.
#pragma once

#include "http/exchange.h"
#include "net/task.h"

namespace fl::proxy {

// 404 "404 page not found": no router wants the request.
net::Task<> answer_not_found(http::Exchange& exchange);
// 503 "no available server": the service has none to give it to.
net::Task<> answer_no_server(http::Exchange& exchange);
// 503 with Retry-After: this is not the moment (RFC 9110 10.2.3).
net::Task<> answer_overloaded(http::Exchange& exchange);
// 499, which nobody reads: the client went away, and its connection is closed.
void answer_client_gone(http::Exchange& exchange);
// Status text and newline as plain text, nosniff: what Go's http.Error writes.
net::Task<> answer_error(http::Exchange& exchange, uint16_t status);
// The same with a text of its own, a newline at its end, which lives for ever or in the exchange's arena.
net::Task<> answer_error(http::Exchange& exchange, uint16_t status, std::string_view text);

}  // namespace fl::proxy
