// What redirectScheme and redirectRegex share: the URL the client asked for, and the answer that sends it elsewhere.
// Worker thread; views live in the exchange.
#pragma once

#include <cstdint>
#include <optional>
#include <string_view>

#include "http/exchange.h"

namespace fl::proxy::middleware {

// "http" or "https": what X-Forwarded-Proto says, in which the entry point lets only trusted peers contradict the
// connection, and for which ws and wss count as http and https.
std::string_view client_scheme(const http::Exchange& exchange);

// Path and query as they stand in a URL.
std::string_view request_target(http::Exchange& exchange);

// `url`, a URL or a relative one, as it may be sent in Location: what cannot stand in a URL is percent-encoded.
// The result lives in `arena` or is `url`. nullopt: it is none, with a bad scheme, host, port or escape, or a control
// character.
std::optional<std::string_view> make_location(std::string_view url, Arena& arena);

// 302 for GET and 307 for other methods, 301 and 308 when it is permanent.
uint16_t redirect_status(const http::Exchange& exchange, bool permanent);

// The answer; `location` lives as long as the exchange.
net::Task<> answer_redirect(http::Exchange& exchange, uint16_t status, std::string_view location);

}  // namespace fl::proxy::middleware
