#include "tls/openssl/record_cipher.h"

#include <openssl/crypto.h>

#include <algorithm>

#include "base/check.h"

namespace fl::tls::openssl {
namespace {

constexpr size_t kGathered = 1 << 10;

}  // namespace

std::optional<Aead> aead_of(const SSL_CIPHER* suite) {
  switch (suite != nullptr ? SSL_CIPHER_get_protocol_id(suite) : 0) {
    case 0x1301: return Aead::aes_128_gcm;
    case 0x1302: return Aead::aes_256_gcm;
    case 0x1303: return Aead::chacha20_poly1305;
    default: return std::nullopt;
  }
}

std::span<const uint8_t> Pieces::take(size_t most) {
  while (count > 0 && taken == parts[0].iov_len) {
    ++parts;
    --count;
    taken = 0;
  }
  if (count == 0) return {};
  const size_t n = std::min(most, parts[0].iov_len - taken);
  const std::span<const uint8_t> bytes(static_cast<const uint8_t*>(parts[0].iov_base) + taken, n);
  taken += n;
  return bytes;
}

size_t Pieces::left() const {
  size_t size = 0;
  for (int i = 0; i < count; ++i) size += parts[i].iov_len;
  return size - taken;
}

RecordKeys::~RecordKeys() { OPENSSL_cleanse(key.data(), key.size()); }

RecordCipher::RecordCipher(Aead aead, const Secret& secret, uint64_t records)
    : records_(records), aead_(aead), secret_(secret) {
  use_secret();
}

RecordCipher::~RecordCipher() { OPENSSL_cleanse(secret_.data(), secret_.size()); }

void RecordCipher::derive(std::string_view label, std::span<uint8_t> out) const {
  expand_label(hash_of(aead_), {secret_.data(), size_of(hash_of(aead_))}, label, {}, out);
}

void RecordCipher::use_secret() {
  derive("iv", iv_);
  const RecordKeys keys = this->keys();
  key_ = new_aead_key(aead_, {keys.key.data(), key_size(aead_)});
}

RecordKeys RecordCipher::keys() const {
  RecordKeys keys{.aead = aead_, .key = {}, .iv = iv_, .records = records_};
  derive("key", {keys.key.data(), key_size(aead_)});
  return keys;
}

void RecordCipher::update() {
  Secret next;
  derive("traffic upd", {next.data(), size_of(hash_of(aead_))});
  secret_ = next;
  OPENSSL_cleanse(next.data(), next.size());
  records_ = 0;
  use_secret();
}

// The IV with the record's number in it.
AeadNonce RecordCipher::next_nonce() {
  AeadNonce nonce = iv_;
  for (size_t i = 0; i < 8; ++i) nonce[11 - i] ^= static_cast<uint8_t>(records_ >> (8 * i));
  ++records_;
  return nonce;
}

uint8_t* RecordCipher::seal(ContentType type, Pieces& pieces, size_t size, uint8_t* out) {
  FL_ASSERT(size + 1 + kAeadTag <= kMaxCiphertext && size <= pieces.left());
  const size_t length = size + 1 + kAeadTag;
  const std::array<uint8_t, kRecordHeader> header = {static_cast<uint8_t>(ContentType::application_data), 3, 3,
                                                     static_cast<uint8_t>(length >> 8), static_cast<uint8_t>(length)};
  key_->begin(next_nonce(), header);
  out = std::ranges::copy(header, out).out;
  // Large pieces are encrypted from where they are; to gather small ones costs less than a call each.
  uint8_t* gathered = out;
  const auto encrypt = [this, &out](std::span<const uint8_t> text) {
    key_->encrypt(text, out);
    out += text.size();
  };
  const auto encrypt_gathered = [&] {
    if (gathered != out) encrypt({out, gathered});
  };
  while (size > 0) {
    const std::span<const uint8_t> piece = pieces.take(size);
    size -= piece.size();
    if (piece.size() <= kGathered) {
      gathered = std::ranges::copy(piece, gathered).out;
      continue;
    }
    encrypt_gathered();
    encrypt(piece);
    gathered = out;
  }
  *gathered++ = static_cast<uint8_t>(type);
  encrypt_gathered();
  key_->end(std::span<uint8_t, kAeadTag>(out, kAeadTag));
  return out + kAeadTag;
}

bool RecordCipher::open(std::span<const uint8_t> record, uint8_t* out) {
  FL_ASSERT(record.size() >= kRecordHeader + kAeadTag);
  return key_->decrypt(next_nonce(), record.first<kRecordHeader>(),
                       record.subspan(kRecordHeader, record.size() - kRecordHeader - kAeadTag), record.last<kAeadTag>(),
                       out);
}

}  // namespace fl::tls::openssl
