// Protects the records of one direction of a TLS 1.3 connection (RFC 8446 5.2, 5.3, 7.2, 7.3). Private to tls/.
#pragma once

#include <openssl/ssl.h>
#include <sys/uio.h>

#include <array>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <span>
#include <string_view>

#include "tls/aead/aead.h"
#include "tls/openssl/tls13_kdf.h"

namespace fl::tls::openssl {

// Of a suite of TLS 1.3; nothing for the two with CCM.
std::optional<Aead> aead_of(const SSL_CIPHER* suite);
constexpr Hash hash_of(Aead aead) { return aead == Aead::aes_256_gcm ? Hash::sha384 : Hash::sha256; }

enum class ContentType : uint8_t { alert = 21, handshake = 22, application_data = 23 };

constexpr size_t kRecordHeader = 5;
constexpr size_t kMaxContent = 16 << 10;                       // of a record
constexpr size_t kSealingAdds = kRecordHeader + 1 + kAeadTag;  // with the content's type
constexpr size_t kMaxCiphertext = kMaxContent + 256;           // RFC 8446 5.2: the header's length at most

// Takes the bytes of several pieces one after the other.
struct Pieces {
  const iovec* parts;
  int count;
  size_t taken = 0;  // of parts[0]
  // The next bytes that lie together, `most` of them at most; empty: there are no more.
  std::span<const uint8_t> take(size_t most);
  size_t left() const;
};

// What somebody else needs to go on with the records of a direction.
struct RecordKeys {
  Aead aead;
  std::array<uint8_t, 32> key;  // key_size() bytes
  AeadNonce iv;
  uint64_t records;  // that have been protected with them
  ~RecordKeys();
};

class RecordCipher {
 public:
  // `records` have been protected under this secret before.
  RecordCipher(Aead aead, const Secret& secret, uint64_t records = 0);
  ~RecordCipher();

  // The next `size` bytes of the pieces as a record, which takes kSealingAdds more; -> behind its end.
  uint8_t* seal(ContentType type, Pieces& pieces, size_t size, uint8_t* out);
  // The inner plaintext (content, its type, zeros) of a whole record into `out`, which may be where its ciphertext is
  // and has room for that without the tag. False: it is not what the peer sealed.
  bool open(std::span<const uint8_t> record, uint8_t* out);

  // Goes on with the next secret of the chain, as both sides do at a KeyUpdate.
  void update();
  // Protected under the present secret.
  uint64_t records() const { return records_; }
  RecordKeys keys() const;

 private:
  void derive(std::string_view label, std::span<uint8_t> out) const;
  void use_secret();
  AeadNonce next_nonce();

  std::unique_ptr<AeadKey> key_;
  uint64_t records_;
  AeadNonce iv_;
  Aead aead_;
  Secret secret_;
};

}  // namespace fl::tls::openssl
