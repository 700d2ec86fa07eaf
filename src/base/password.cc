#include "base/password.h"

#include <crypt.h>
#include <openssl/evp.h>

#include <algorithm>
#include <array>
#include <cstdint>
#include <memory>

#include "base/check.h"
#include "base/crypto.h"

namespace fl {
namespace {

constexpr std::string_view kApr1 = "$apr1$", kSha = "{SHA}";
constexpr std::array<std::string_view, 8> kCrypt = {"$1$", "$2a$", "$2b$", "$2x$", "$2y$", "$5$", "$6$", "$y$"};

class Md5 {
 public:
  Md5() : context_(EVP_MD_CTX_new()) { FL_CHECK(EVP_DigestInit_ex(context_, EVP_md5(), nullptr) == 1); }
  ~Md5() { EVP_MD_CTX_free(context_); }
  Md5(const Md5&) = delete;
  Md5& operator=(const Md5&) = delete;

  void add(std::string_view bytes) { FL_CHECK(EVP_DigestUpdate(context_, bytes.data(), bytes.size()) == 1); }
  std::string digest() {
    std::string out(16, '\0');
    FL_CHECK(EVP_DigestFinal_ex(context_, reinterpret_cast<unsigned char*>(out.data()), nullptr) == 1);
    return out;
  }

 private:
  EVP_MD_CTX* context_;
};

// The base64 of crypt(3): least significant bits first.
void append_base64(std::string& out, uint32_t value, int digits) {
  constexpr std::string_view kDigits = "./0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz";
  for (; digits > 0; --digits, value >>= 6) out += kDigits[value & 63];
}

// Apache's variant of the MD5 crypt of FreeBSD (apr_md5.c), which differs in its marker alone.
std::string apr1(std::string_view password, std::string_view salt) {
  Md5 inner;
  for (const std::string_view part : {password, salt, password}) inner.add(part);
  const std::string first = inner.digest();
  Md5 outer;
  for (const std::string_view part : {password, kApr1, salt}) outer.add(part);
  for (size_t left = password.size(); left > 0; left -= std::min<size_t>(left, 16))
    outer.add(std::string_view(first).substr(0, std::min<size_t>(left, 16)));
  for (size_t n = password.size(); n > 0; n >>= 1)
    outer.add((n & 1) != 0 ? std::string_view("\0", 1) : password.substr(0, 1));
  std::string digest = outer.digest();
  for (int round = 0; round < 1000; ++round) {
    Md5 md5;
    md5.add(round % 2 != 0 ? password : digest);
    if (round % 3 != 0) md5.add(salt);
    if (round % 7 != 0) md5.add(password);
    md5.add(round % 2 != 0 ? std::string_view(digest) : password);
    digest = md5.digest();
  }
  std::string out = std::string(kApr1).append(salt).append("$");
  const auto byte = [&digest](size_t i) { return uint32_t{static_cast<uint8_t>(digest[i])}; };
  for (size_t i = 0; i < 5; ++i) append_base64(out, byte(i) << 16 | byte(i + 6) << 8 | byte(i == 4 ? 5 : i + 12), 4);
  append_base64(out, byte(11), 2);
  return out;
}

}  // namespace

bool is_password_hash(std::string_view hash) {
  return hash.starts_with(kApr1) || hash.starts_with(kSha) ||
         std::ranges::any_of(kCrypt, [hash](std::string_view prefix) { return hash.starts_with(prefix); });
}

bool verify_password(const std::string& password, const std::string& hash) {
  if (hash.starts_with(kApr1)) {
    const size_t end = hash.find('$', kApr1.size());
    if (end == hash.npos) return false;
    const std::string_view salt = std::string_view(hash).substr(kApr1.size(), std::min<size_t>(end - kApr1.size(), 8));
    return constant_time_equal(apr1(password, salt), hash);
  }
  if (hash.starts_with(kSha)) {
    const auto digest = sha1(password);
    const auto* const bytes = reinterpret_cast<const char*>(digest.data());
    return constant_time_equal(base64_encode({bytes, digest.size()}), std::string_view(hash).substr(kSha.size()));
  }
  if (!is_password_hash(hash)) return false;
  const auto memory = std::make_unique<crypt_data>();  // 32 KiB
  const char* const made = ::crypt_r(password.c_str(), hash.c_str(), memory.get());
  return made != nullptr && *made != '*' && constant_time_equal(made, hash);
}

std::string md5_hex(std::string_view data) {
  Md5 md5;
  md5.add(data);
  const std::string digest = md5.digest();
  return hex({reinterpret_cast<const uint8_t*>(digest.data()), digest.size()});
}

}  // namespace fl
