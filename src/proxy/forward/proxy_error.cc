#include "proxy/forward/proxy_error.h"

namespace fl::proxy {

ProxyError from(http::ClientError error) {
  using http::ClientError;
  switch (error) {
    case ClientError::none: return ProxyError::none;
    case ClientError::connection_lost: return ProxyError::connection_lost;
    case ClientError::response_timeout: return ProxyError::response_timeout;
    case ClientError::malformed_response: return ProxyError::malformed_response;
    case ClientError::unexpected_switch: return ProxyError::unexpected_switch;
    case ClientError::too_many_interim: return ProxyError::too_many_interim;
    case ClientError::no_extended_connect: return ProxyError::no_upgrade;
    case ClientError::request_body: return ProxyError::request_body;
    case ClientError::request_timeout: return ProxyError::request_timeout;
    case ClientError::client_gone: return ProxyError::client_gone;
  }
  return ProxyError::connection_lost;
}

uint16_t status_of(ProxyError error) {
  switch (error) {
    case ProxyError::connect_timeout:
    case ProxyError::tls_timeout:
    case ProxyError::response_timeout: return 504;
    case ProxyError::client_gone: return 499;
    case ProxyError::request_body: return 400;
    case ProxyError::request_timeout: return 408;
    case ProxyError::certificate_refused:
    case ProxyError::none: return 500;
    default: return 502;
  }
}

std::string_view describe(ProxyError error) {
  switch (error) {
    case ProxyError::none: return "no error";
    case ProxyError::name_resolution: return "the server's name could not be resolved";
    case ProxyError::connect_failed: return "the server refused the connection or cannot be reached";
    case ProxyError::connect_timeout: return "no connection to the server in time";
    case ProxyError::tls_failed: return "the TLS handshake with the server failed";
    case ProxyError::tls_timeout: return "no TLS handshake with the server in time";
    case ProxyError::certificate_refused: return "the server's certificate is refused";
    case ProxyError::connection_lost: return "the server closed the connection before it answered";
    case ProxyError::response_timeout: return "the server did not answer in time";
    case ProxyError::malformed_response: return "the server's answer is not valid HTTP";
    case ProxyError::unexpected_switch: return "the server switched protocols unasked";
    case ProxyError::no_upgrade: return "the server speaks HTTP/2 only, and takes no websockets on it (RFC 8441)";
    case ProxyError::request_body: return "the client's body is malformed";
    case ProxyError::request_timeout: return "the client's body did not come in time";
    case ProxyError::client_gone: return "the client went away";
    case ProxyError::too_many_interim: return "the server sent too many interim answers";
  }
  return "unknown error";
}

}  // namespace fl::proxy
