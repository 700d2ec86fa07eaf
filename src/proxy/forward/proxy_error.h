// Why a request could not be proxied, in one byte. One table says what the client is told.
#pragma once

#include <cstdint>
#include <string_view>

#include "http/client.h"

namespace fl::proxy {

enum class ProxyError : uint8_t {
  none,
  name_resolution,
  connect_failed,
  connect_timeout,
  tls_failed,
  tls_timeout,
  certificate_refused,
  no_upgrade,  // the server speaks HTTP/2 only, and takes no websockets on it
  // As http::ClientError has them.
  connection_lost,
  response_timeout,
  malformed_response,
  unexpected_switch,
  too_many_interim,
  request_body,
  request_timeout,
  client_gone,
};

ProxyError from(http::ClientError error);

// Traefik: network errors 502, time-outs 504, client gone 499, a certificate that is not good 500.
uint16_t status_of(ProxyError error);
std::string_view describe(ProxyError error);

}  // namespace fl::proxy
