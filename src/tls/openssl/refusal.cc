#include "tls/openssl/refusal.h"

#include <openssl/err.h>
#include <openssl/sslerr.h>

#include "tls/openssl/handles.h"

namespace fl::tls::openssl {
namespace {

HandshakeFailure failure_of(int reason) {
  switch (reason) {
    case SSL_R_UNEXPECTED_EOF_WHILE_READING: return HandshakeFailure::closed;
    case SSL_R_WRONG_VERSION_NUMBER:  // of a record: it is none
    case SSL_R_HTTP_REQUEST:
    case SSL_R_HTTPS_PROXY_REQUEST: return HandshakeFailure::not_tls;
    case SSL_R_UNSUPPORTED_PROTOCOL:
    case SSL_R_UNSUPPORTED_SSL_VERSION:
    case SSL_R_VERSION_TOO_LOW:
    case SSL_R_VERSION_TOO_HIGH:
    case SSL_R_INAPPROPRIATE_FALLBACK:
    case SSL_R_WRONG_SSL_VERSION: return HandshakeFailure::version;
    case SSL_R_NO_SHARED_CIPHER:
    case SSL_R_NO_SHARED_GROUPS:
    case SSL_R_NO_SUITABLE_GROUPS:
    case SSL_R_NO_SUITABLE_KEY_SHARE:
    case SSL_R_NO_SHARED_SIGNATURE_ALGORITHMS:
    case SSL_R_NO_SUITABLE_SIGNATURE_ALGORITHM: return HandshakeFailure::parameters;
    case SSL_R_NO_APPLICATION_PROTOCOL: return HandshakeFailure::alpn;
    case SSL_R_CALLBACK_FAILED: return HandshakeFailure::unknown_server_name;  // no other callback of ours fails so
    case SSL_R_PEER_DID_NOT_RETURN_A_CERTIFICATE:
    case SSL_R_CERTIFICATE_VERIFY_FAILED: return HandshakeFailure::client_certificate;
    default: return reason >= SSL_AD_REASON_OFFSET ? HandshakeFailure::refused_by_client : HandshakeFailure::malformed;
  }
}

}  // namespace

HandshakeError why_refused(const SSL* session) {
  const unsigned long code = ERR_peek_error();
  if (code == 0) return {HandshakeFailure::closed, "the client closed or reset the connection"};
  const int reason = ERR_GET_LIB(code) == ERR_LIB_SSL ? ERR_GET_REASON(code) : 0;
  HandshakeError error{failure_of(reason), take_error()};
  if (reason == SSL_R_CERTIFICATE_VERIFY_FAILED)
    error.detail += std::string(": ") + X509_verify_cert_error_string(SSL_get_verify_result(session));
  return error;
}

}  // namespace fl::tls::openssl
