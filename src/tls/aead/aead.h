// The encryption of TLS 1.3's records (RFC 5116, RFC 8446 5.2): AES-GCM and ChaCha20-Poly1305, with nonces of 12 bytes
// and tags of 16. Private to tls/.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <span>

namespace fl::tls {

enum class Aead : uint8_t { aes_128_gcm, aes_256_gcm, chacha20_poly1305 };
constexpr size_t key_size(Aead aead) { return aead == Aead::aes_128_gcm ? 16 : 32; }

constexpr size_t kAeadTag = 16;
using AeadNonce = std::array<uint8_t, 12>;

// One key, which protects many texts, each with a nonce of its own.
class AeadKey {
 public:
  virtual ~AeadKey() = default;
  AeadKey() = default;
  AeadKey(const AeadKey&) = delete;
  AeadKey& operator=(const AeadKey&) = delete;

  // Seals one text: begin(), encrypt() for its pieces in their order, end(). `header` is authenticated with it.
  virtual void begin(const AeadNonce& nonce, std::span<const uint8_t> header) = 0;
  // As many bytes to `out`, which may be text.data().
  virtual void encrypt(std::span<const uint8_t> text, uint8_t* out) = 0;
  virtual void end(std::span<uint8_t, kAeadTag> tag) = 0;

  // The text to `out`, which may be sealed.data(). False: it is not what was sealed; then `out` holds nothing of use.
  virtual bool decrypt(const AeadNonce& nonce, std::span<const uint8_t> header, std::span<const uint8_t> sealed,
                       std::span<const uint8_t, kAeadTag> tag, uint8_t* out) = 0;
};

// The fastest there is here. `key` has key_size() bytes and is copied.
std::unique_ptr<AeadKey> new_aead_key(Aead aead, std::span<const uint8_t> key);

}  // namespace fl::tls
