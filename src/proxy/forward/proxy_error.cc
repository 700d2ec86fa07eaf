#include "proxy/forward/proxy_error.h"

namespace fl::proxy {

uint16_t status_of(const ProxyError& error) {
  using Kind = ProxyError::Kind;
  switch (error.kind) {
    case Kind::connect_timeout:
    case Kind::response_timeout: return 504;
    case Kind::client_gone: return 499;
    case Kind::request_body: return 400;
    case Kind::request_timeout: return 408;
    case Kind::none: return 500;
    default: return 502;
  }
}

std::string_view describe(ProxyError::Kind kind) {
  using Kind = ProxyError::Kind;
  switch (kind) {
    case Kind::none: return "no error";
    case Kind::name_resolution: return "the server's name could not be resolved";
    case Kind::connect_failed: return "the server refused the connection or cannot be reached";
    case Kind::connect_timeout: return "no connection to the server in time";
    case Kind::connection_lost: return "the server closed the connection before it answered";
    case Kind::response_timeout: return "the server did not answer in time";
    case Kind::malformed_response: return "the server's answer is not valid HTTP";
    case Kind::unexpected_switch: return "the server switched protocols unasked";
    case Kind::request_body: return "the client's body is malformed";
    case Kind::request_timeout: return "the client's body did not come in time";
    case Kind::client_gone: return "the client went away";
    case Kind::too_many_interim: return "the server sent too many interim answers";
  }
  return "unknown error";
}

}  // namespace fl::proxy
