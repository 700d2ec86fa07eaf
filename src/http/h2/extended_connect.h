// Websockets on HTTP/2 streams (RFC 8441) for those who know them on HTTP/1 (RFC 6455). From a client: the request
// becomes a GET with Upgrade, and the 101 a 200. To a server: the GET an extended CONNECT, and the 200 a 101. Pure but
// for the key's random bytes.
#pragma once

#include <string_view>

#include "http/exchange.h"

namespace fl::http::h2 {

// Gives the request the key that HTTP/1 wants. -> the key, in the exchange's arena
std::string_view add_websocket_key(Exchange& exchange);
// Turns the 101 in exchange.response into a 200. -> it is the answer to that key (RFC 6455 4.1)
bool accept_switch(Exchange& exchange, std::string_view key);
// Turns the 200 to a request for a websocket into the 101 that its key wants.
void make_switch(Exchange& exchange);

}  // namespace fl::http::h2
