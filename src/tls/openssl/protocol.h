// ProtocolOptions made OpenSSL's. Private to tls/.
#pragma once

#include <openssl/ssl.h>

#include "base/result.h"
#include "tls/options.h"

namespace fl::tls::openssl {

// What every context of ours is like, whichever side it is for; then the options. Errors: Traefik's texts for unknown
// cipher suites and curves; a lowest version above the highest.
Result<> apply(SSL_CTX* context, const ProtocolOptions& options);

}  // namespace fl::tls::openssl
