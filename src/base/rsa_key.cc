#include "base/rsa_key.h"

#include <openssl/encoder.h>
#include <openssl/evp.h>
#include <openssl/rsa.h>
#include <openssl/x509.h>

#include "base/check.h"
#include "base/crypto.h"

namespace fl {
namespace {

constexpr int kBits = 2048, kMostBits = 4096;
constexpr int kSaltSize = 32;

template <auto free>
struct Free {
  template <class T>
  void operator()(T* object) const {
    free(object);
  }
};
using KeyPointer = std::unique_ptr<EVP_PKEY, Free<EVP_PKEY_free>>;
using DigestContext = std::unique_ptr<EVP_MD_CTX, Free<EVP_MD_CTX_free>>;
using EncoderContext = std::unique_ptr<OSSL_ENCODER_CTX, Free<OSSL_ENCODER_CTX_free>>;

const unsigned char* bytes_of(std::string_view s) { return reinterpret_cast<const unsigned char*>(s.data()); }

std::string der(const EVP_PKEY* key, int selection, const char* structure) {
  const EncoderContext encoder(OSSL_ENCODER_CTX_new_for_pkey(key, selection, "DER", structure, nullptr));
  unsigned char* bytes = nullptr;
  size_t size = 0;
  FL_CHECK(encoder != nullptr && OSSL_ENCODER_to_data(encoder.get(), &bytes, &size) == 1);
  std::string out(reinterpret_cast<const char*>(bytes), size);
  OPENSSL_clear_free(bytes, size);
  return out;
}

// Null when it is none.
KeyPointer read_public_key(std::string_view base64) {
  const auto bytes = base64_decode(base64);
  if (!bytes) return nullptr;
  const unsigned char* at = bytes_of(*bytes);
  KeyPointer key(d2i_PUBKEY(nullptr, &at, static_cast<long>(bytes->size())));
  if (key == nullptr || EVP_PKEY_get_base_id(key.get()) != EVP_PKEY_RSA) return nullptr;
  const int bits = EVP_PKEY_get_bits(key.get());
  return bits >= kBits && bits <= kMostBits ? std::move(key) : nullptr;
}

void use_pss(EVP_PKEY_CTX* context) {
  FL_CHECK(EVP_PKEY_CTX_set_rsa_padding(context, RSA_PKCS1_PSS_PADDING) == 1);
  FL_CHECK(EVP_PKEY_CTX_set_rsa_pss_saltlen(context, kSaltSize) == 1);
}

}  // namespace

struct RsaKey::Key {
  KeyPointer pointer;
};

RsaKey RsaKey::generate() {
  KeyPointer key(EVP_RSA_gen(kBits));
  FL_CHECK(key != nullptr);
  return RsaKey(std::make_shared<const Key>(std::move(key)));
}

Result<RsaKey> RsaKey::from_private_key(std::string_view base64) {
  FL_TRY(const std::string bytes, base64_decode(base64));
  const unsigned char* at = bytes_of(bytes);
  KeyPointer key(d2i_PrivateKey(EVP_PKEY_RSA, nullptr, &at, static_cast<long>(bytes.size())));
  if (key == nullptr || EVP_PKEY_get_bits(key.get()) < kBits)
    return fail(Code::invalid, "this is no RSA private key of 2048 bits or more");
  return RsaKey(std::make_shared<const Key>(std::move(key)));
}

std::string RsaKey::private_key() const {
  return base64_encode(der(key_->pointer.get(), EVP_PKEY_KEYPAIR, "type-specific"));
}

std::string RsaKey::public_key() const {
  return base64_encode(der(key_->pointer.get(), EVP_PKEY_PUBLIC_KEY, "SubjectPublicKeyInfo"));
}

std::string RsaKey::sign(std::string_view text) const {
  const DigestContext digest(EVP_MD_CTX_new());
  EVP_PKEY_CTX* context = nullptr;  // the digest's
  FL_CHECK(EVP_DigestSignInit(digest.get(), &context, EVP_sha256(), nullptr, key_->pointer.get()) == 1);
  use_pss(context);
  size_t size = 0;
  FL_CHECK(EVP_DigestSign(digest.get(), nullptr, &size, bytes_of(text), text.size()) == 1);
  std::string signature(size, '\0');
  FL_CHECK(EVP_DigestSign(digest.get(), reinterpret_cast<unsigned char*>(signature.data()), &size, bytes_of(text),
                          text.size()) == 1);
  signature.resize(size);
  return base64_encode(signature);
}

bool is_rsa_public_key(std::string_view base64) { return read_public_key(base64) != nullptr; }

bool verify_rsa(std::string_view public_key, std::string_view text, std::string_view signature) {
  const KeyPointer key = read_public_key(public_key);
  const auto bytes = base64_decode(signature);
  if (key == nullptr || !bytes) return false;
  const DigestContext digest(EVP_MD_CTX_new());
  EVP_PKEY_CTX* context = nullptr;
  FL_CHECK(EVP_DigestVerifyInit(digest.get(), &context, EVP_sha256(), nullptr, key.get()) == 1);
  use_pss(context);
  return EVP_DigestVerify(digest.get(), bytes_of(*bytes), bytes->size(), bytes_of(text), text.size()) == 1;
}

}  // namespace fl
