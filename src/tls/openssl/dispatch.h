// Entries of the tables of functions that a provider gives OpenSSL. Private to tls/.
#pragma once

#include <openssl/core.h>

namespace fl::tls::openssl {

template <class F>
OSSL_DISPATCH entry(int id, F* function) {
  return {id, reinterpret_cast<void (*)()>(function)};
}

}  // namespace fl::tls::openssl
