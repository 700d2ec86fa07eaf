// Why OpenSSL gave a handshake up, from its error queue. Private to tls/.
#pragma once

#include <openssl/ssl.h>

#include "tls/handshake_error.h"

namespace fl::tls::openssl {

// Of a server's handshake that has just failed; empties the queue.
HandshakeError why_refused(const SSL* session);

}  // namespace fl::tls::openssl
