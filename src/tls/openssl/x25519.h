// X25519 (RFC 7748) as an algorithm of our provider, over libsodium: OpenSSL 3.0 makes keys with generic code. What
// libssl asks of a group and no more: keys cannot be exported, so they serve our contexts only. Private to tls/.
#pragma once

#include <openssl/core.h>

namespace fl::tls::openssl {

// Whether libsodium is ready; before anything else here is used.
bool prepare_x25519();

const OSSL_DISPATCH* x25519_keys();      // of OSSL_OP_KEYMGMT
const OSSL_DISPATCH* x25519_exchange();  // of OSSL_OP_KEYEXCH
// What libssl learns of the group (capability TLS-GROUP). It takes a group only from the provider that has its keys.
const OSSL_PARAM* x25519_group();

}  // namespace fl::tls::openssl
