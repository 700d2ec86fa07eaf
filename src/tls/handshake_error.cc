#include "tls/handshake_error.h"

namespace fl::tls {

std::string_view to_text(HandshakeFailure failure) {
  switch (failure) {
    case HandshakeFailure::timeout: return "timeout";
    case HandshakeFailure::canceled: return "canceled";
    case HandshakeFailure::closed: return "closed";
    case HandshakeFailure::not_tls: return "not_tls";
    case HandshakeFailure::version: return "version";
    case HandshakeFailure::parameters: return "parameters";
    case HandshakeFailure::alpn: return "alpn";
    case HandshakeFailure::unknown_server_name: return "unknown_server_name";
    case HandshakeFailure::client_certificate: return "client_certificate";
    case HandshakeFailure::refused_by_client: return "refused_by_client";
    case HandshakeFailure::malformed: return "malformed";
  }
  return "";
}

}  // namespace fl::tls
