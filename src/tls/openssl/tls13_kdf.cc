#include "tls/openssl/tls13_kdf.h"

#include <openssl/core_dispatch.h>
#include <openssl/core_names.h>
#include <openssl/crypto.h>
#include <openssl/evp.h>
#include <openssl/kdf.h>

#include <algorithm>
#include <cstring>

#include "base/check.h"
#include "base/crypto.h"
#include "base/strings.h"
#include "tls/openssl/dispatch.h"

namespace fl::tls::openssl {
namespace {

using Bytes = std::span<const uint8_t>;

constexpr std::string_view kPrefix = "tls13 ";

// Into `out`, which has the size of the hash.
void hmac(Hash hash, Bytes key, Bytes data, uint8_t* out) {
  const auto text = [](Bytes bytes) {
    return std::string_view(reinterpret_cast<const char*>(bytes.data()), bytes.size());
  };
  const auto give = [out](auto mac) {
    std::ranges::copy(mac, out);
    OPENSSL_cleanse(mac.data(), mac.size());
  };
  if (hash == Hash::sha256)
    give(hmac_sha256(text(key), text(data)));
  else
    give(hmac_sha384(text(key), text(data)));
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

SecretsWanted::SecretsWanted(TrafficSecrets* out) { wanted = out; }
SecretsWanted::~SecretsWanted() { wanted = nullptr; }

const OSSL_DISPATCH* tls13_kdf() {
  static const OSSL_DISPATCH kFunctions[] = {entry(OSSL_FUNC_KDF_NEWCTX, new_object),
                                             entry(OSSL_FUNC_KDF_FREECTX, free_object),
                                             entry(OSSL_FUNC_KDF_DERIVE, derive),
                                             {0, nullptr}};
  return kFunctions;
}

}  // namespace fl::tls::openssl
