// AEADs of OpenSSL's libcrypto: every one, on every machine. Private to tls/.
#pragma once

#include "tls/aead/aead.h"

namespace fl::tls {

std::unique_ptr<AeadKey> new_libcrypto_key(Aead aead, std::span<const uint8_t> key);

}  // namespace fl::tls
