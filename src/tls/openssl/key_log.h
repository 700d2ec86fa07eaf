// Secrets of connections in a file that Wireshark reads, for debugging. Private to tls/.
#pragma once

#include <openssl/ssl.h>

#include <string>

#include "base/result.h"

namespace fl::tls::openssl {

// Appends the secrets of all connections of the context to the file, which is made readable for its owner alone; one
// line of the NSS key-log format a write. Empty path: does nothing. Errors: the file cannot be opened.
Result<> log_keys_to(SSL_CTX* context, const std::string& path);

}  // namespace fl::tls::openssl
