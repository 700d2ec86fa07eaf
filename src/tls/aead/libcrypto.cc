#include "tls/aead/libcrypto.h"

#include <openssl/evp.h>

#include <algorithm>

#include "base/check.h"
#include "tls/openssl/handles.h"

namespace fl::tls {
namespace {

// Looked up once a process.
const EVP_CIPHER* cipher_of(Aead aead) {
  static EVP_CIPHER* const kCiphers[] = {EVP_CIPHER_fetch(nullptr, "AES-128-GCM", nullptr),
                                         EVP_CIPHER_fetch(nullptr, "AES-256-GCM", nullptr),
                                         EVP_CIPHER_fetch(nullptr, "ChaCha20-Poly1305", nullptr)};
  return kCiphers[static_cast<size_t>(aead)];
}

class LibcryptoKey final : public AeadKey {
 public:
  LibcryptoKey(Aead aead, const uint8_t* key) : context_(EVP_CIPHER_CTX_new()) {
    FL_CHECK(context_ != nullptr && EVP_CipherInit_ex(context_.get(), cipher_of(aead), nullptr, key, nullptr, 1) == 1);
  }

  void begin(const AeadNonce& nonce, std::span<const uint8_t> header) override { start(nonce, header, 1); }

  void encrypt(std::span<const uint8_t> text, uint8_t* out) override {
    int n = 0;
    FL_CHECK(EVP_CipherUpdate(context_.get(), out, &n, text.data(), static_cast<int>(text.size())) == 1);
  }

  void end(std::span<uint8_t, kAeadTag> tag) override {
    int n = 0;
    FL_CHECK(EVP_CipherFinal_ex(context_.get(), tag.data(), &n) == 1 &&
             EVP_CIPHER_CTX_ctrl(context_.get(), EVP_CTRL_AEAD_GET_TAG, kAeadTag, tag.data()) == 1);
  }

  bool decrypt(const AeadNonce& nonce, std::span<const uint8_t> header, std::span<const uint8_t> sealed,
               std::span<const uint8_t, kAeadTag> tag, uint8_t* out) override {
    start(nonce, header, 0);
    std::array<uint8_t, kAeadTag> copy;  // libcrypto wants to be able to write to it
    std::ranges::copy(tag, copy.begin());
    int n = 0;
    return EVP_CipherUpdate(context_.get(), out, &n, sealed.data(), static_cast<int>(sealed.size())) == 1 &&
           EVP_CIPHER_CTX_ctrl(context_.get(), EVP_CTRL_AEAD_SET_TAG, kAeadTag, copy.data()) == 1 &&
           EVP_CipherFinal_ex(context_.get(), out + n, &n) == 1;
  }

 private:
  void start(const AeadNonce& nonce, std::span<const uint8_t> header, int encrypts) {
    int n = 0;
    FL_CHECK(EVP_CipherInit_ex(context_.get(), nullptr, nullptr, nullptr, nonce.data(), encrypts) == 1 &&
             EVP_CipherUpdate(context_.get(), nullptr, &n, header.data(), static_cast<int>(header.size())) == 1);
  }

  openssl::Owned<EVP_CIPHER_CTX> context_;
};

}  // namespace

std::unique_ptr<AeadKey> new_libcrypto_key(Aead aead, std::span<const uint8_t> key) {
  FL_CHECK(key.size() == key_size(aead));
  return std::make_unique<LibcryptoKey>(aead, key.data());
}

}  // namespace fl::tls
