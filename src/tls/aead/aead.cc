#include "tls/aead/aead.h"

#include "tls/aead/ipsec_mb.h"
#include "tls/aead/libcrypto.h"

namespace fl::tls {

std::unique_ptr<AeadKey> new_aead_key(Aead aead, std::span<const uint8_t> key) {
  if (auto fast = new_ipsec_mb_key(aead, key)) return fast;
  return new_libcrypto_key(aead, key);
}

}  // namespace fl::tls
