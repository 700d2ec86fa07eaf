#include "tls/client_session.h"

#include <openssl/ssl.h>

namespace fl::tls {

ClientSession::~ClientSession() { SSL_SESSION_free(session_); }

void ClientSession::keep(ssl_session_st* session) {
  SSL_SESSION_free(session_);
  session_ = session;
}

}  // namespace fl::tls
