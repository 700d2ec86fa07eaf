// fairlead's own OpenSSL provider: the steps of a handshake that others do faster than OpenSSL 3.0, which are TLS 1.3's
// key schedule, where it spends more on looking algorithms up than on arithmetic, and X25519. Asked for by name only:
// contexts made here prefer it, everything else in the process does not see it. Private to tls/.
#pragma once

#include "tls/openssl/handles.h"

namespace fl::tls::openssl {

// As SSL_CTX_new(). Without our provider (OpenSSL refused to load it) the context works with OpenSSL's own.
Owned<SSL_CTX> new_context(const SSL_METHOD* method);

}  // namespace fl::tls::openssl
