// AES-GCM of Intel's Multi-Buffer Crypto library: a small record takes a fifth of the time that libcrypto spends on it,
// most of it not on encryption, and a large one less than half of OpenSSL 3.0's, which has no VAES. Private to tls/.
#pragma once

#include "tls/aead/aead.h"

namespace fl::tls {

// Null: not built in (it is for x86-64 only), no AES instructions here, or not AES.
std::unique_ptr<AeadKey> new_ipsec_mb_key(Aead aead, std::span<const uint8_t> key);

}  // namespace fl::tls
