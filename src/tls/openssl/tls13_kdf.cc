#include "tls/openssl/tls13_kdf.h"

#include <openssl/core_dispatch.h>
#include <openssl/core_names.h>
#include <openssl/crypto.h>
#include <openssl/evp.h>
#include <openssl/kdf.h>

#include <algorithm>
#include <cstring>
#include <memory>

#include "base/check.h"
#include "base/strings.h"

namespace fl::tls::openssl {
namespace {

using Bytes = std::span<const uint8_t>;

constexpr std::string_view kPrefix = "tls13 ";

using Hmac = std::unique_ptr<EVP_MAC_CTX, decltype([](EVP_MAC_CTX* p) { EVP_MAC_CTX_free(p); })>;

Hmac new_hmac(const char* digest) {
  EVP_MAC* algorithm = EVP_MAC_fetch(nullptr, "HMAC", nullptr);
  Hmac hmac(EVP_MAC_CTX_new(algorithm));
  EVP_MAC_free(algorithm);
  const OSSL_PARAM parameters[] = {
      OSSL_PARAM_construct_utf8_string(OSSL_MAC_PARAM_DIGEST, const_cast<char*>(digest), 0),
      OSSL_PARAM_construct_end()};
  FL_CHECK(hmac != nullptr && EVP_MAC_CTX_set_params(hmac.get(), parameters) == 1);
  return hmac;
}

// Into `out`, which has the size of the hash. Contexts are kept a thread: to make one costs more than to use it.
void hmac(Hash hash, Bytes key, Bytes data, uint8_t* out) {
  thread_local const Hmac sha256 = new_hmac("SHA256");
  thread_local const Hmac sha384 = new_hmac("SHA384");
  EVP_MAC_CTX* context = hash == Hash::sha256 ? sha256.get() : sha384.get();
  size_t size = 0;
  FL_CHECK(EVP_MAC_init(context, key.data(), key.size(), nullptr) == 1 &&
           EVP_MAC_update(context, data.data(), data.size()) == 1 &&
           EVP_MAC_final(context, out, &size, size_of(hash)) == 1);
}

std::array<uint8_t, kMaxHash> hash_of_nothing(Hash hash) {
  std::array<uint8_t, kMaxHash> out;
  FL_CHECK(EVP_Digest(nullptr, 0, out.data(), nullptr, hash == Hash::sha256 ? EVP_sha256() : EVP_sha384(), nullptr) ==
           1);
  return out;
}

thread_local TrafficSecrets* wanted = nullptr;

void note_secret(std::string_view label, Bytes secret) {
  if (wanted == nullptr) return;
  const bool of_client = label == "c ap traffic";
  if (!of_client && label != "s ap traffic") return;
  std::memcpy(of_client ? wanted->client.data() : wanted->server.data(), secret.data(), secret.size());
  (of_client ? wanted->has_client : wanted->has_server) = true;
}

// HKDF-Extract of `key` with the salt that follows from `previous`, the secret of the stage before (none at first).
void extract(Hash hash, Bytes key, Bytes previous, std::string_view label, uint8_t* out) {
  static const std::array<uint8_t, kMaxHash> kNothing[] = {hash_of_nothing(Hash::sha256),
                                                           hash_of_nothing(Hash::sha384)};
  static constexpr std::array<uint8_t, kMaxHash> kZeros{};
  const Bytes zeros(kZeros.data(), size_of(hash));
  std::array<uint8_t, kMaxHash> derived;
  Bytes salt = zeros;
  if (!previous.empty()) {
    expand_label(hash, previous, label, {kNothing[static_cast<size_t>(hash)].data(), size_of(hash)},
                 {derived.data(), size_of(hash)});
    salt = {derived.data(), size_of(hash)};
  }
  hmac(hash, salt, key.empty() ? zeros : key, out);
  OPENSSL_cleanse(derived.data(), derived.size());
}

// ---- the provider's side

Bytes octets(const OSSL_PARAM* parameters, const char* name) {
  const OSSL_PARAM* found = OSSL_PARAM_locate_const(parameters, name);
  if (found == nullptr || found->data_type != OSSL_PARAM_OCTET_STRING || found->data == nullptr) return {};
  return {static_cast<const uint8_t*>(found->data), found->data_size};
}

bool read_hash(const OSSL_PARAM* parameters, Hash& out) {
  const OSSL_PARAM* found = OSSL_PARAM_locate_const(parameters, OSSL_KDF_PARAM_DIGEST);
  const char* name = nullptr;
  if (found == nullptr || OSSL_PARAM_get_utf8_string_ptr(found, &name) != 1) return false;
  const bool is_sha256 = iequals(name, "SHA256") || iequals(name, "SHA2-256");
  out = is_sha256 ? Hash::sha256 : Hash::sha384;
  return is_sha256 || iequals(name, "SHA384") || iequals(name, "SHA2-384");
}

int derive(void*, unsigned char* out, size_t size, const OSSL_PARAM* parameters) {
  Hash hash;
  int mode = 0;
  const OSSL_PARAM* asked = OSSL_PARAM_locate_const(parameters, OSSL_KDF_PARAM_MODE);
  if (!read_hash(parameters, hash) || asked == nullptr || OSSL_PARAM_get_int(asked, &mode) != 1) return 0;
  const Bytes prefix = octets(parameters, OSSL_KDF_PARAM_PREFIX), named = octets(parameters, OSSL_KDF_PARAM_LABEL);
  const std::string_view label(reinterpret_cast<const char*>(named.data()), named.size());
  if (!std::ranges::equal(prefix, kPrefix) || label.size() > 255 - kPrefix.size() || size > size_of(hash)) return 0;
  const Bytes key = octets(parameters, OSSL_KDF_PARAM_KEY);
  if (mode == EVP_KDF_HKDF_MODE_EXTRACT_ONLY && size == size_of(hash)) {
    extract(hash, key, octets(parameters, OSSL_KDF_PARAM_SALT), label, out);
    return 1;
  }
  const Bytes context = octets(parameters, OSSL_KDF_PARAM_DATA);
  if (mode != EVP_KDF_HKDF_MODE_EXPAND_ONLY || key.empty() || context.size() > kMaxHash) return 0;
  expand_label(hash, key, label, context, {out, size});
  note_secret(label, {out, size});
  return 1;
}

// OpenSSL wants an object a derivation; ours has nothing in it.
void* new_object(void* provider) { return provider; }
void free_object(void*) {}

}  // namespace

void expand_label(Hash hash, Bytes secret, std::string_view label, Bytes context, std::span<uint8_t> out) {
  FL_CHECK(out.size() <= size_of(hash) && label.size() <= 255 - kPrefix.size() && context.size() <= kMaxHash);
  std::array<uint8_t, 2 + 1 + 255 + 1 + kMaxHash + 1> info;
  uint8_t* end = info.data();
  *end++ = 0;
  *end++ = static_cast<uint8_t>(out.size());
  *end++ = static_cast<uint8_t>(kPrefix.size() + label.size());
  end += kPrefix.copy(reinterpret_cast<char*>(end), kPrefix.size());
  end += label.copy(reinterpret_cast<char*>(end), label.size());
  *end++ = static_cast<uint8_t>(context.size());
  end = std::ranges::copy(context, end).out;
  *end++ = 1;  // HKDF's counter: one block is enough
  std::array<uint8_t, kMaxHash> block;
  hmac(hash, secret, {info.data(), end}, block.data());
  std::memcpy(out.data(), block.data(), out.size());
  OPENSSL_cleanse(block.data(), block.size());
}

TrafficSecrets::~TrafficSecrets() {
  OPENSSL_cleanse(client.data(), client.size());
  OPENSSL_cleanse(server.data(), server.size());
}

SecretsWanted::SecretsWanted(TrafficSecrets& out) { wanted = &out; }
SecretsWanted::~SecretsWanted() { wanted = nullptr; }

const OSSL_DISPATCH* tls13_kdf() {
  static const OSSL_DISPATCH kFunctions[] = {{OSSL_FUNC_KDF_NEWCTX, reinterpret_cast<void (*)()>(new_object)},
                                             {OSSL_FUNC_KDF_FREECTX, reinterpret_cast<void (*)()>(free_object)},
                                             {OSSL_FUNC_KDF_DERIVE, reinterpret_cast<void (*)()>(derive)},
                                             {0, nullptr}};
  return kFunctions;
}

}  // namespace fl::tls::openssl
