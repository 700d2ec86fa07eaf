#include "tls/aead/aead.h"

#include <gmock/gmock.h>

#include <numeric>
#include <string>
#include <vector>

#include "support/hex.h"
#include "support/pattern.h"
#include "tls/aead/ipsec_mb.h"
#include "tls/aead/libcrypto.h"

namespace fl::tls {
namespace {

using fl::testing::from_hex;
using fl::testing::pattern;

std::span<const uint8_t> bytes(std::string_view text) {
  return {reinterpret_cast<const uint8_t*>(text.data()), text.size()};
}
uint8_t* bytes(std::string& text) { return reinterpret_cast<uint8_t*>(text.data()); }

AeadNonce nonce_of(std::string_view text) {
  AeadNonce nonce;
  std::ranges::copy(bytes(text), nonce.begin());
  return nonce;
}

struct Library {
  std::string name;
  std::unique_ptr<AeadKey> (*new_key)(Aead aead, std::span<const uint8_t> key);
};
// Those that have this AEAD on this machine.
std::vector<Library> libraries_with(Aead aead) {
  std::vector<Library> out;
  const std::vector<uint8_t> key(key_size(aead));
  for (const Library& library : {Library{"libcrypto", new_libcrypto_key}, Library{"ipsec-mb", new_ipsec_mb_key}})
    if (library.new_key(aead, key) != nullptr) out.push_back(library);
  return out;
}

// The text in pieces of these sizes, again and again; with the tag behind it.
std::string seal(AeadKey& key, const AeadNonce& nonce, std::string_view header, std::string_view text,
                 std::vector<size_t> sizes) {
  std::string out(text.size() + kAeadTag, '\0');
  key.begin(nonce, bytes(header));
  size_t done = 0;
  for (size_t i = 0; done < text.size(); ++i) {
    const std::string_view piece = text.substr(done, sizes[i % sizes.size()]);
    key.encrypt(bytes(piece), bytes(out) + done);
    done += piece.size();
  }
  key.end(std::span<uint8_t, kAeadTag>(bytes(out) + done, kAeadTag));
  return out;
}

// Where it is.
std::string open(AeadKey& key, const AeadNonce& nonce, std::string_view header, std::string sealed) {
  const size_t size = sealed.size() - kAeadTag;
  std::string tag = sealed.substr(size);
  sealed.resize(size);
  if (!key.decrypt(nonce, bytes(header), bytes(std::string_view(sealed)),
                   std::span<const uint8_t, kAeadTag>(bytes(tag), kAeadTag), bytes(sealed)))
    return "refused";
  return sealed;
}

// The GCM specification's test cases 4 and 16; RFC 8439 2.8.2.
TEST(AeadKey, KnownAnswers) {
  const std::string gcm_text = from_hex(
      "d9313225f88406e5a55909c5aff5269a86a7a9531534f7da2e4c303d8a318a721c3c0c95956809532fcf0e2449a6b525b16aedf5aa0de6"
      "57ba637b39");
  const std::string gcm_header = from_hex("feedfacedeadbeeffeedfacedeadbeefabaddad2");
  const std::string gcm_key = from_hex("feffe9928665731c6d6a8f9467308308");
  struct Case {
    Aead aead;
    std::string key, nonce, header, text, sealed;
  };
  const std::vector<Case> cases = {
      {Aead::aes_128_gcm, gcm_key, from_hex("cafebabefacedbaddecaf888"), gcm_header, gcm_text,
       from_hex("42831ec2217774244b7221b784d0d49ce3aa212f2c02a4e035c17e2329aca12e21d514b25466931c7d8f6a5aac84aa051ba30b"
                "396a0aac973d58e0915bc94fbc3221a5db94fae95ae7121a47")},
      {Aead::aes_256_gcm, gcm_key + gcm_key, from_hex("cafebabefacedbaddecaf888"), gcm_header, gcm_text,
       from_hex("522dc1f099567d07f47f37a32a84427d643a8cdcbfe5c0c97598a2bd2555d1aa8cb08e48590dbb3da7b08b1056828838c5f61e"
                "6393ba7a0abcc9f66276fc6ece0f4e1768cddf8853bb2d551b")},
      {Aead::chacha20_poly1305, from_hex("808182838485868788898a8b8c8d8e8f909192939495969798999a9b9c9d9e9f"),
       from_hex("070000004041424344454647"), from_hex("50515253c0c1c2c3c4c5c6c7"),
       "Ladies and Gentlemen of the class of '99: If I could offer you only one tip for the future, sunscreen would be "
       "it.",
       from_hex("d31a8d34648e60db7b86afbc53ef7ec2a4aded51296e08fea9e2b5a736ee62d63dbea45e8ca9671282fafb69da92728b1a71de"
                "0a9e060b2905d6a5b67ecd3b3692ddbd7f2d778b8c9803aee328091b58fab324e4fad675945585808b4831d7bc3ff4def08e4b"
                "7a9de576d26586cec64b61161ae10b594f09e26a7e902ecbd0600691")}};
  for (const Case& c : cases)
    for (const Library& library : libraries_with(c.aead)) {
      SCOPED_TRACE(library.name);
      const auto key = library.new_key(c.aead, bytes(c.key));
      EXPECT_EQ(seal(*key, nonce_of(c.nonce), c.header, c.text, {c.text.size()}), c.sealed);
      EXPECT_EQ(open(*key, nonce_of(c.nonce), c.header, c.sealed), c.text);
    }
}

// However it is cut, and whatever was sealed or opened with the key before.
TEST(AeadKey, LibrariesAgreeOnEverySizeAndPiece) {
  const std::string header = "12345";
  for (const Aead aead : {Aead::aes_128_gcm, Aead::aes_256_gcm, Aead::chacha20_poly1305}) {
    const std::string secret = pattern(40).substr(8, key_size(aead));
    const auto reference = new_libcrypto_key(aead, bytes(secret));
    AeadNonce nonce{};
    std::vector<size_t> sizes(300);
    std::iota(sizes.begin(), sizes.end(), size_t{0});
    for (const size_t large : {511U, 1024U, 4097U, 16384U, 16385U}) sizes.push_back(large);
    for (const Library& library : libraries_with(aead)) {
      SCOPED_TRACE(library.name);
      const auto key = library.new_key(aead, bytes(secret));
      for (const size_t size : sizes) {
        ++nonce[size % nonce.size()];
        const std::string text = pattern(size), expected = seal(*reference, nonce, header, text, {1 << 20});
        const std::vector<std::vector<size_t>> cuts = {{1 << 20}, {1}, {15, 17}, {16}, {1, 64, 3}, {255, 1, 1}};
        for (const auto& cut : cuts) EXPECT_EQ(seal(*key, nonce, header, text, cut), expected) << size;
        EXPECT_EQ(open(*key, nonce, header, expected), text) << size;
      }
    }
  }
}

TEST(AeadKey, RefusesWhatWasNotSealed) {
  const std::string header = "12345", text = pattern(100);
  for (const Aead aead : {Aead::aes_128_gcm, Aead::aes_256_gcm, Aead::chacha20_poly1305})
    for (const Library& library : libraries_with(aead)) {
      SCOPED_TRACE(library.name);
      const auto key = library.new_key(aead, bytes(pattern(key_size(aead))));
      const AeadNonce nonce{1};
      const std::string sealed = seal(*key, nonce, header, text, {100});
      for (size_t i = 0; i < sealed.size(); ++i) {
        std::string changed = sealed;
        changed[i] = static_cast<char>(changed[i] ^ 1 << i % 8);
        EXPECT_EQ(open(*key, nonce, header, changed), "refused") << i;
      }
      EXPECT_EQ(open(*key, nonce, "12346", sealed), "refused");
      EXPECT_EQ(open(*key, AeadNonce{2}, header, sealed), "refused");
      EXPECT_EQ(open(*library.new_key(aead, bytes(std::string(key_size(aead), 'x'))), nonce, header, sealed),
                "refused");
      EXPECT_EQ(open(*key, nonce, header, sealed), text);
    }
}

#ifdef FL_HAS_IPSEC_MB
// Else every connection would be slow and no test would say so.
TEST(AeadKey, IsTheFastOneWhereThereAreAesInstructions) {
  if (!__builtin_cpu_supports("aes")) GTEST_SKIP() << "this processor has no AES instructions";
  EXPECT_EQ(libraries_with(Aead::aes_128_gcm).size(), 2U);
  EXPECT_EQ(libraries_with(Aead::aes_256_gcm).size(), 2U);
}
#endif

}  // namespace
}  // namespace fl::tls
