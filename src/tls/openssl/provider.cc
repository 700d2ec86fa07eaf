#include "tls/openssl/provider.h"

#include <openssl/core_dispatch.h>
#include <openssl/provider.h>

#include "base/strings.h"
#include "tls/openssl/dispatch.h"
#include "tls/openssl/tls13_kdf.h"
#include "tls/openssl/x25519.h"

namespace fl::tls::openssl {
namespace {

constexpr const char* kProperties = "provider=fairlead";

const OSSL_ALGORITHM* query(void*, int operation, int* no_cache) {
  static const OSSL_ALGORITHM kKdfs[] = {{"TLS13-KDF", kProperties, tls13_kdf(), "TLS 1.3's key schedule"}, {}};
  static const OSSL_ALGORITHM kKeys[] = {{"X25519", kProperties, x25519_keys(), "libsodium's X25519"}, {}};
  static const OSSL_ALGORITHM kExchanges[] = {{"X25519", kProperties, x25519_exchange(), "libsodium's X25519"}, {}};
  *no_cache = 0;
  switch (operation) {
    case OSSL_OP_KDF: return kKdfs;
    case OSSL_OP_KEYMGMT: return kKeys;
    case OSSL_OP_KEYEXCH: return kExchanges;
    default: return nullptr;
  }
}

int tell_capabilities(void*, const char* capability, OSSL_CALLBACK* tell, void* argument) {
  return !iequals(capability, "TLS-GROUP") || tell(x25519_group(), argument) == 1;
}

int initialise(const OSSL_CORE_HANDLE* handle, const OSSL_DISPATCH*, const OSSL_DISPATCH** functions, void** context) {
  static const OSSL_DISPATCH kFunctions[] = {entry(OSSL_FUNC_PROVIDER_QUERY_OPERATION, query),
                                             entry(OSSL_FUNC_PROVIDER_GET_CAPABILITIES, tell_capabilities),
                                             {0, nullptr}};
  if (!prepare_x25519()) return 0;
  *functions = kFunctions;
  *context = const_cast<OSSL_CORE_HANDLE*>(handle);
  return 1;
}

// Once a process, for as long as it lives. OpenSSL's own providers are loaded as they would be without ours, and before
// it: who asks for neither gets the first that has the algorithm.
void load() {
  static const OSSL_PROVIDER* const kLoaded = [] {
    OSSL_PROVIDER_available(nullptr, "default");
    const bool known = OSSL_PROVIDER_add_builtin(nullptr, "fairlead", initialise) == 1;
    return known ? OSSL_PROVIDER_try_load(nullptr, "fairlead", 1) : nullptr;
  }();
  (void)kLoaded;
}

}  // namespace

Owned<SSL_CTX> new_context(const SSL_METHOD* method) {
  load();
  return Owned<SSL_CTX>(SSL_CTX_new_ex(nullptr, "?provider=fairlead", method));
}

}  // namespace fl::tls::openssl
