#include "tls/openssl/record_cipher.h"

#include <openssl/crypto.h>

#include <algorithm>

#include "base/check.h"

namespace fl::tls::openssl {
namespace {

// Looked up once a process.
const EVP_CIPHER* cipher_of(Aead aead) {
  static EVP_CIPHER* const kCiphers[] = {EVP_CIPHER_fetch(nullptr, "AES-128-GCM", nullptr),
                                         EVP_CIPHER_fetch(nullptr, "AES-256-GCM", nullptr),
                                         EVP_CIPHER_fetch(nullptr, "ChaCha20-Poly1305", nullptr)};
  return kCiphers[static_cast<size_t>(aead)];
}

constexpr size_t kGathered = 1 << 10;

constexpr size_t key_size(Aead aead) { return aead == Aead::aes_128_gcm ? 16 : 32; }

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

RecordCipher::RecordCipher(Aead aead, Direction direction, const Secret& secret, uint64_t records)
    : context_(EVP_CIPHER_CTX_new()), records_(records), aead_(aead), direction_(direction), secret_(secret) {
  FL_CHECK(context_ != nullptr);
  use_secret();
}

RecordCipher::~RecordCipher() { OPENSSL_cleanse(secret_.data(), secret_.size()); }

void RecordCipher::derive(std::string_view label, std::span<uint8_t> out) const {
  expand_label(hash_of(aead_), {secret_.data(), size_of(hash_of(aead_))}, label, {}, out);
}

void RecordCipher::use_secret() {
  std::array<uint8_t, 32> key;
  derive("key", {key.data(), key_size(aead_)});
  derive("iv", iv_);
  FL_CHECK(EVP_CipherInit_ex(context_.get(), cipher_of(aead_), nullptr, key.data(), nullptr,
                             static_cast<int>(direction_)) == 1);
  OPENSSL_cleanse(key.data(), key.size());
}

void RecordCipher::update() {
  Secret next;
  derive("traffic upd", {next.data(), size_of(hash_of(aead_))});
  secret_ = next;
  OPENSSL_cleanse(next.data(), next.size());
  records_ = 0;
  use_secret();
}

// The nonce is the IV with the record's number in it; the header is authenticated.
void RecordCipher::begin(std::span<const uint8_t, kRecordHeader> header) {
  std::array<uint8_t, 12> nonce = iv_;
  for (size_t i = 0; i < 8; ++i) nonce[11 - i] ^= static_cast<uint8_t>(records_ >> (8 * i));
  ++records_;
  int n = 0;
  FL_CHECK(EVP_CipherInit_ex(context_.get(), nullptr, nullptr, nullptr, nonce.data(), -1) == 1 &&
           EVP_CipherUpdate(context_.get(), nullptr, &n, header.data(), kRecordHeader) == 1);
}

uint8_t* RecordCipher::seal(ContentType type, Pieces& pieces, size_t size, uint8_t* out) {
  FL_ASSERT(size + 1 + kAeadTag <= kMaxCiphertext && size <= pieces.left());
  const size_t length = size + 1 + kAeadTag;
  const std::array<uint8_t, kRecordHeader> header = {static_cast<uint8_t>(ContentType::application_data), 3, 3,
                                                     static_cast<uint8_t>(length >> 8), static_cast<uint8_t>(length)};
  begin(header);
  out = std::ranges::copy(header, out).out;
  // Large pieces are encrypted from where they are; to gather small ones costs less than a call each.
  uint8_t* gathered = out;
  const auto encrypt = [this, &out](const uint8_t* from, size_t n) {
    int written = 0;
    FL_CHECK(EVP_CipherUpdate(context_.get(), out, &written, from, static_cast<int>(n)) == 1);
    out += n;
  };
  const auto encrypt_gathered = [&] {
    if (gathered != out) encrypt(out, static_cast<size_t>(gathered - out));
  };
  while (size > 0) {
    const std::span<const uint8_t> piece = pieces.take(size);
    size -= piece.size();
    if (piece.size() <= kGathered) {
      gathered = std::ranges::copy(piece, gathered).out;
      continue;
    }
    encrypt_gathered();
    encrypt(piece.data(), piece.size());
    gathered = out;
  }
  *gathered++ = static_cast<uint8_t>(type);
  encrypt_gathered();
  int n = 0;
  FL_CHECK(EVP_CipherFinal_ex(context_.get(), out, &n) == 1 &&
           EVP_CIPHER_CTX_ctrl(context_.get(), EVP_CTRL_AEAD_GET_TAG, kAeadTag, out) == 1);
  return out + kAeadTag;
}

bool RecordCipher::open(std::span<const uint8_t> record, uint8_t* out) {
  FL_ASSERT(record.size() >= kRecordHeader + kAeadTag);
  begin(record.first<kRecordHeader>());
  std::array<uint8_t, kAeadTag> tag;  // OpenSSL wants to be able to write to it, and opening may be in place
  std::ranges::copy(record.last<kAeadTag>(), tag.begin());
  const std::span<const uint8_t> sealed = record.subspan(kRecordHeader, record.size() - kRecordHeader - kAeadTag);
  int n = 0;
  return EVP_CipherUpdate(context_.get(), out, &n, sealed.data(), static_cast<int>(sealed.size())) == 1 &&
         EVP_CIPHER_CTX_ctrl(context_.get(), EVP_CTRL_AEAD_SET_TAG, kAeadTag, tag.data()) == 1 &&
         EVP_CipherFinal_ex(context_.get(), out + n, &n) == 1;
}

}  // namespace fl::tls::openssl
