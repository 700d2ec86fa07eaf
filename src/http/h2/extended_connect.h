// Websockets on HTTP/2 streams (RFC 8441) for handlers and servers that know them on HTTP/1 (RFC 6455): the request
// becomes a GET with Upgrade, and the 101 becomes a 200. Pure but for the key's random bytes.
#pragma once

#include <string_view>

#include "http/exchange.h"

namespace fl::http::h2 {

// Gives the request the key that HTTP/1 wants. -> the key, in the exchange's arena
std::string_view add_websocket_key(Exchange& exchange);
// Turns the 101 in exchange.response into a 200. -> it is the answer to that key (RFC 6455 4.1)
bool accept_switch(Exchange& exchange, std::string_view key);

}  // namespace fl::http::h2
