#include "tls/openssl/x25519.h"

#include <openssl/core_dispatch.h>
#include <openssl/core_names.h>
#include <openssl/crypto.h>
#include <openssl/params.h>
#include <openssl/prov_ssl.h>
#include <openssl/rand.h>
#include <sodium.h>

#include <array>
#include <cstdint>
#include <cstring>
#include <memory>
#include <optional>

#include "base/strings.h"
#include "tls/openssl/dispatch.h"

namespace fl::tls::openssl {
namespace {

constexpr size_t kSize = crypto_scalarmult_BYTES;
using Octets = std::array<uint8_t, kSize>;

struct Key {
  std::optional<Octets> private_key, public_key;
  ~Key() { OPENSSL_cleanse(&private_key, sizeof private_key); }
};

// False: the parameter is there, and not what it should be.
bool read(const OSSL_PARAM* parameters, const char* name, std::optional<Octets>& out) {
  const OSSL_PARAM* found = OSSL_PARAM_locate_const(parameters, name);
  if (found == nullptr) return true;
  if (found->data_type != OSSL_PARAM_OCTET_STRING || found->data == nullptr || found->data_size != kSize) return false;
  std::memcpy(out.emplace().data(), found->data, kSize);
  return true;
}

bool add_public_key(Key& key) {
  return crypto_scalarmult_base(key.public_key.emplace().data(), key.private_key->data()) == 0;
}

// ---- keys

void* new_key(void*) noexcept { return new Key; }
void free_key(void* key) noexcept { delete static_cast<Key*>(key); }

// Called without a key as well, of an EVP_PKEY that has only its type. There are no parameters to miss.
int has(const void* data, int selection) noexcept {
  const auto* key = static_cast<const Key*>(data);
  return key != nullptr && ((selection & OSSL_KEYMGMT_SELECT_PUBLIC_KEY) == 0 || key->public_key) &&
         ((selection & OSSL_KEYMGMT_SELECT_PRIVATE_KEY) == 0 || key->private_key);
}

// To hold the other side's key, TLS 1.2 makes a copy of ours without the key itself.
void* copy(const void* data, int selection) noexcept {
  const auto& from = *static_cast<const Key*>(data);
  auto* to = new Key;
  if ((selection & OSSL_KEYMGMT_SELECT_PUBLIC_KEY) != 0) to->public_key = from.public_key;
  if ((selection & OSSL_KEYMGMT_SELECT_PRIVATE_KEY) != 0) to->private_key = from.private_key;
  return to;
}

int get_parameters(void* data, OSSL_PARAM* parameters) noexcept {
  const auto& key = *static_cast<const Key*>(data);
  constexpr struct {
    const char* name;
    int value;
  } kNumbers[] = {{OSSL_PKEY_PARAM_BITS, 253}, {OSSL_PKEY_PARAM_SECURITY_BITS, 128}, {OSSL_PKEY_PARAM_MAX_SIZE, kSize}};
  for (const auto& [name, value] : kNumbers)
    if (OSSL_PARAM* asked = OSSL_PARAM_locate(parameters, name))
      if (OSSL_PARAM_set_int(asked, value) != 1) return 0;
  OSSL_PARAM* asked = OSSL_PARAM_locate(parameters, OSSL_PKEY_PARAM_ENCODED_PUBLIC_KEY);
  return asked == nullptr || (key.public_key && OSSL_PARAM_set_octet_string(asked, key.public_key->data(), kSize) == 1);
}
const OSSL_PARAM* gettable(void*) noexcept {
  static const OSSL_PARAM kNames[] = {
      OSSL_PARAM_int(OSSL_PKEY_PARAM_BITS, nullptr), OSSL_PARAM_int(OSSL_PKEY_PARAM_SECURITY_BITS, nullptr),
      OSSL_PARAM_int(OSSL_PKEY_PARAM_MAX_SIZE, nullptr),
      OSSL_PARAM_octet_string(OSSL_PKEY_PARAM_ENCODED_PUBLIC_KEY, nullptr, 0), OSSL_PARAM_END};
  return kNames;
}

// The other side's key, once it is known; a pair stays one.
int set_parameters(void* data, const OSSL_PARAM* parameters) noexcept {
  Key& key = *static_cast<Key*>(data);
  return !key.private_key && read(parameters, OSSL_PKEY_PARAM_ENCODED_PUBLIC_KEY, key.public_key);
}
const OSSL_PARAM* settable(void*) noexcept {
  static const OSSL_PARAM kNames[] = {OSSL_PARAM_octet_string(OSSL_PKEY_PARAM_ENCODED_PUBLIC_KEY, nullptr, 0),
                                      OSSL_PARAM_END};
  return kNames;
}

// A key that is known already; of a private one alone, the public one follows.
int import(void* data, int selection, const OSSL_PARAM* parameters) noexcept {
  Key& key = *static_cast<Key*>(data);
  const bool with_private = (selection & OSSL_KEYMGMT_SELECT_PRIVATE_KEY) != 0;
  if (!read(parameters, OSSL_PKEY_PARAM_PUB_KEY, key.public_key) ||
      (with_private && !read(parameters, OSSL_PKEY_PARAM_PRIV_KEY, key.private_key)))
    return 0;
  return key.public_key || (key.private_key && add_public_key(key));
}
const OSSL_PARAM* importable(int) noexcept {
  static const OSSL_PARAM kNames[] = {OSSL_PARAM_octet_string(OSSL_PKEY_PARAM_PUB_KEY, nullptr, 0),
                                      OSSL_PARAM_octet_string(OSSL_PKEY_PARAM_PRIV_KEY, nullptr, 0), OSSL_PARAM_END};
  return kNames;
}

// ---- new keys; what is to be made is all that there is to remember: a pair, or a place for the other side's key

constexpr bool kWithPair = true, kBlank = false;

int set_generation(void*, const OSSL_PARAM* parameters) noexcept {
  const OSSL_PARAM* group = OSSL_PARAM_locate_const(parameters, OSSL_PKEY_PARAM_GROUP_NAME);
  const char* name = nullptr;
  return group == nullptr || (OSSL_PARAM_get_utf8_string_ptr(group, &name) == 1 && iequals(name, "x25519"));
}
const OSSL_PARAM* generation_settable(void*, void*) noexcept {
  static const OSSL_PARAM kNames[] = {OSSL_PARAM_utf8_string(OSSL_PKEY_PARAM_GROUP_NAME, nullptr, 0), OSSL_PARAM_END};
  return kNames;
}
void* begin_generation(void*, int selection, const OSSL_PARAM* parameters) noexcept {
  if (set_generation(nullptr, parameters) == 0) return nullptr;
  return const_cast<bool*>((selection & OSSL_KEYMGMT_SELECT_KEYPAIR) != 0 ? &kWithPair : &kBlank);
}
void* generate(void* with_pair, OSSL_CALLBACK*, void*) noexcept {
  auto key = std::make_unique<Key>();
  if (*static_cast<const bool*>(with_pair) &&
      (RAND_priv_bytes(key->private_key.emplace().data(), kSize) != 1 || !add_public_key(*key)))
    return nullptr;
  return key.release();
}
void end_generation(void*) noexcept {}

// ---- the exchange: our private key, their public one

void* new_exchange(void*) noexcept { return new Key; }

int set_ours(void* exchange, void* key, const OSSL_PARAM*) noexcept {
  static_cast<Key*>(exchange)->private_key = static_cast<const Key*>(key)->private_key;
  return 1;
}
int set_peer(void* exchange, void* key) noexcept {
  static_cast<Key*>(exchange)->public_key = static_cast<const Key*>(key)->public_key;
  return 1;
}
// Fails when the shared secret is all zeros: the other side's key was of low order (RFC 8446 7.4.2).
int derive(void* exchange, unsigned char* out, size_t* size, size_t capacity) noexcept {
  const auto& [ours, theirs] = *static_cast<const Key*>(exchange);
  if (!ours || !theirs) return 0;
  *size = kSize;
  return out == nullptr || (capacity >= kSize && crypto_scalarmult(out, ours->data(), theirs->data()) == 0);
}

}  // namespace

bool prepare_x25519() { return sodium_init() >= 0; }

const OSSL_DISPATCH* x25519_keys() {
  static const OSSL_DISPATCH kFunctions[] = {entry(OSSL_FUNC_KEYMGMT_NEW, new_key),
                                             entry(OSSL_FUNC_KEYMGMT_FREE, free_key),
                                             entry(OSSL_FUNC_KEYMGMT_HAS, has),
                                             entry(OSSL_FUNC_KEYMGMT_DUP, copy),
                                             entry(OSSL_FUNC_KEYMGMT_GET_PARAMS, get_parameters),
                                             entry(OSSL_FUNC_KEYMGMT_GETTABLE_PARAMS, gettable),
                                             entry(OSSL_FUNC_KEYMGMT_SET_PARAMS, set_parameters),
                                             entry(OSSL_FUNC_KEYMGMT_SETTABLE_PARAMS, settable),
                                             entry(OSSL_FUNC_KEYMGMT_IMPORT, import),
                                             entry(OSSL_FUNC_KEYMGMT_IMPORT_TYPES, importable),
                                             entry(OSSL_FUNC_KEYMGMT_GEN_INIT, begin_generation),
                                             entry(OSSL_FUNC_KEYMGMT_GEN_SET_PARAMS, set_generation),
                                             entry(OSSL_FUNC_KEYMGMT_GEN_SETTABLE_PARAMS, generation_settable),
                                             entry(OSSL_FUNC_KEYMGMT_GEN, generate),
                                             entry(OSSL_FUNC_KEYMGMT_GEN_CLEANUP, end_generation),
                                             {0, nullptr}};
  return kFunctions;
}

const OSSL_DISPATCH* x25519_exchange() {
  static const OSSL_DISPATCH kFunctions[] = {
      entry(OSSL_FUNC_KEYEXCH_NEWCTX, new_exchange), entry(OSSL_FUNC_KEYEXCH_FREECTX, free_key),
      entry(OSSL_FUNC_KEYEXCH_INIT, set_ours),       entry(OSSL_FUNC_KEYEXCH_SET_PEER, set_peer),
      entry(OSSL_FUNC_KEYEXCH_DERIVE, derive),       {0, nullptr}};
  return kFunctions;
}

const OSSL_PARAM* x25519_group() {
  static char name[] = "x25519", algorithm[] = "X25519";
  static unsigned id = 29, security_bits = 128;  // RFC 8446 4.2.7
  static int min_tls = TLS1_VERSION, min_dtls = DTLS1_VERSION, no_max = 0;
  static const OSSL_PARAM kGroup[] = {
      OSSL_PARAM_utf8_string(OSSL_CAPABILITY_TLS_GROUP_NAME, name, sizeof name),
      OSSL_PARAM_utf8_string(OSSL_CAPABILITY_TLS_GROUP_NAME_INTERNAL, algorithm, sizeof algorithm),
      OSSL_PARAM_utf8_string(OSSL_CAPABILITY_TLS_GROUP_ALG, algorithm, sizeof algorithm),
      OSSL_PARAM_uint(OSSL_CAPABILITY_TLS_GROUP_ID, &id),
      OSSL_PARAM_uint(OSSL_CAPABILITY_TLS_GROUP_SECURITY_BITS, &security_bits),
      OSSL_PARAM_int(OSSL_CAPABILITY_TLS_GROUP_MIN_TLS, &min_tls),
      OSSL_PARAM_int(OSSL_CAPABILITY_TLS_GROUP_MAX_TLS, &no_max),
      OSSL_PARAM_int(OSSL_CAPABILITY_TLS_GROUP_MIN_DTLS, &min_dtls),
      OSSL_PARAM_int(OSSL_CAPABILITY_TLS_GROUP_MAX_DTLS, &no_max),
      OSSL_PARAM_END};
  return kGroup;
}

}  // namespace fl::tls::openssl
