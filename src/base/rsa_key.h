// RSA keys of 2048 bits or more that sign short texts: RSASSA-PSS with SHA-256 (RFC 8017 8.1) and a salt of 32 bytes.
// Machines registered with ssm prove with one who they are. Immutable; any thread. libcrypto stays behind it.
#pragma once

#include <memory>
#include <string>
#include <string_view>

#include "base/result.h"

namespace fl {

class RsaKey {
 public:
  // A new one of 2048 bits; takes about a tenth of a second.
  static RsaKey generate();
  // What private_key() gave. Errors: anything else.
  static Result<RsaKey> from_private_key(std::string_view base64);

  std::string private_key() const;  // base64 of PKCS#1 (RFC 8017 A.1.2) DER
  std::string public_key() const;   // base64 of SubjectPublicKeyInfo (RFC 5280 4.1) DER

  std::string sign(std::string_view text) const;  // base64

 private:
  struct Key;
  explicit RsaKey(std::shared_ptr<const Key> key) : key_(std::move(key)) {}
  std::shared_ptr<const Key> key_;
};

// True for an RSA key of 2048 to 4096 bits as public_key() writes it.
bool is_rsa_public_key(std::string_view base64);
// Whether the owner of `public_key` made `signature` of `text`. False also for what is no key or no base64.
bool verify_rsa(std::string_view public_key, std::string_view text, std::string_view signature);

}  // namespace fl
