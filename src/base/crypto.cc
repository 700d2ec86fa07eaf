#include "base/crypto.h"

#include <openssl/core_names.h>
#include <openssl/crypto.h>
#include <openssl/evp.h>
#include <openssl/rand.h>

#include <memory>

#include "base/check.h"

namespace fl {
namespace {

const unsigned char* bytes_of(std::string_view s) { return reinterpret_cast<const unsigned char*>(s.data()); }

// Value of a base64 digit, or -1.
constexpr int base64_value(char c) {
  if (c >= 'A' && c <= 'Z') return c - 'A';
  if (c >= 'a' && c <= 'z') return c - 'a' + 26;
  if (c >= '0' && c <= '9') return c - '0' + 52;
  return c == '+' ? 62 : c == '/' ? 63 : -1;
}

// libcrypto's look-up of an algorithm by name and the making of a context cost more than a short text's digest: each
// thread keeps its own.
template <class T, void (*kFree)(T*)>
using Kept = std::unique_ptr<T, decltype([](T* context) { kFree(context); })>;

using Digester = Kept<EVP_MD_CTX, EVP_MD_CTX_free>;
using Authenticator = Kept<EVP_MAC_CTX, EVP_MAC_CTX_free>;

Digester new_digester(const char* algorithm) {
  const Kept<EVP_MD, EVP_MD_free> found(EVP_MD_fetch(nullptr, algorithm, nullptr));
  Digester digester(EVP_MD_CTX_new());
  FL_CHECK(digester != nullptr && EVP_DigestInit_ex2(digester.get(), found.get(), nullptr) == 1);
  return digester;
}

Authenticator new_hmac(const char* algorithm) {
  const Kept<EVP_MAC, EVP_MAC_free> found(EVP_MAC_fetch(nullptr, "HMAC", nullptr));
  Authenticator authenticator(EVP_MAC_CTX_new(found.get()));
  const OSSL_PARAM parameters[] = {
      OSSL_PARAM_construct_utf8_string(OSSL_MAC_PARAM_DIGEST, const_cast<char*>(algorithm), 0),
      OSSL_PARAM_construct_end()};
  FL_CHECK(authenticator != nullptr && EVP_MAC_CTX_set_params(authenticator.get(), parameters) == 1);
  return authenticator;
}

template <size_t kSize>
std::array<uint8_t, kSize> digest(const Digester& digester, std::string_view data) {
  std::array<uint8_t, kSize> digest;
  unsigned size = 0;
  FL_CHECK(EVP_DigestInit_ex2(digester.get(), nullptr, nullptr) == 1 &&
           EVP_DigestUpdate(digester.get(), data.data(), data.size()) == 1 &&
           EVP_DigestFinal_ex(digester.get(), digest.data(), &size) == 1 && size == kSize);
  return digest;
}

template <size_t kSize>
std::array<uint8_t, kSize> hmac(const Authenticator& authenticator, std::string_view key, std::string_view data) {
  // A null key means "the last one" to libcrypto; an empty view may hold null.
  const std::string_view used = key.empty() ? "" : key;
  std::array<uint8_t, kSize> mac;
  size_t size = 0;
  FL_CHECK(EVP_MAC_init(authenticator.get(), bytes_of(used), used.size(), nullptr) == 1 &&
           EVP_MAC_update(authenticator.get(), bytes_of(data), data.size()) == 1 &&
           EVP_MAC_final(authenticator.get(), mac.data(), &size, mac.size()) == 1 && size == mac.size());
  return mac;
}

}  // namespace

std::array<uint8_t, 20> sha1(std::string_view data) {
  thread_local const Digester digester = new_digester("SHA1");
  return digest<20>(digester, data);
}

std::array<uint8_t, 32> sha256(std::string_view data) {
  thread_local const Digester digester = new_digester("SHA256");
  return digest<32>(digester, data);
}

std::array<uint8_t, 32> hmac_sha256(std::string_view key, std::string_view data) {
  thread_local const Authenticator authenticator = new_hmac("SHA256");
  return hmac<32>(authenticator, key, data);
}

std::array<uint8_t, 48> hmac_sha384(std::string_view key, std::string_view data) {
  thread_local const Authenticator authenticator = new_hmac("SHA384");
  return hmac<48>(authenticator, key, data);
}

std::string hex(std::span<const uint8_t> bytes) {
  static constexpr char kDigits[] = "0123456789abcdef";
  std::string out;
  out.reserve(bytes.size() * 2);
  for (const uint8_t b : bytes) {
    out += kDigits[b >> 4];
    out += kDigits[b & 15];
  }
  return out;
}

std::string base64_encode(std::string_view bytes) {
  std::string out((bytes.size() + 2) / 3 * 4 + 1, '\0');  // EVP_EncodeBlock writes a NUL too
  const int n =
      EVP_EncodeBlock(reinterpret_cast<unsigned char*>(out.data()), bytes_of(bytes), static_cast<int>(bytes.size()));
  out.resize(static_cast<size_t>(n));
  return out;
}

Result<std::string> base64_decode(std::string_view text) {
  const auto bad = [] { return fail(Code::invalid, "not valid base64"); };
  if (text.size() % 4 != 0) return bad();
  std::string out;
  out.reserve(text.size() / 4 * 3);
  const size_t padding = text.ends_with("==") ? 2 : text.ends_with("=") ? 1 : 0;
  text.remove_suffix(padding);
  uint32_t bits = 0;
  int count = 0;
  for (const char c : text) {
    const int value = base64_value(c);
    if (value < 0) return bad();
    bits = bits << 6 | static_cast<uint32_t>(value);
    count += 6;
    if (count >= 8) {
      count -= 8;
      out += static_cast<char>(bits >> count & 0xff);
    }
  }
  // The bits that padding cuts off must be zero, so that every value has one spelling (RFC 4648 3.5).
  if ((bits & ((1u << count) - 1)) != 0) return bad();
  return out;
}

std::string random_bytes(size_t size) {
  std::string out(size, '\0');
  FL_CHECK(RAND_bytes(reinterpret_cast<unsigned char*>(out.data()), static_cast<int>(size)) == 1);
  return out;
}

bool constant_time_equal(std::string_view a, std::string_view b) {
  return a.size() == b.size() && CRYPTO_memcmp(a.data(), b.data(), a.size()) == 0;
}

}  // namespace fl
