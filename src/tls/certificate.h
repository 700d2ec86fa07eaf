// A certificate with its chain and private key, ready to be shown. Immutable but for the OCSP staple, which comes and
// is renewed while it serves; shared by every context that uses it. Any thread.
#pragma once

#include <atomic>
#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "base/time.h"

struct x509_st;
struct evp_pkey_st;
struct stack_st_X509;

namespace fl::tls {

// What a reader of the API wants to know about a certificate.
struct CertificateFacts {
  std::string fingerprint;             // SHA-256 of the DER, hex
  std::string public_key_fingerprint;  // SHA-256 of the SubjectPublicKeyInfo, hex
  std::string common_name, organization, country;
  std::string issuer_common_name, issuer_organization, issuer_country;
  std::vector<std::string> sans;  // DNS names, then addresses
  std::string serial;             // decimal
  int version = 3;
  std::string key_type;  // as Go names it: "RSA", "ECDSA", "Ed25519"
  int key_bits = 0;
  std::string signature_algorithm;  // as Go names it: "SHA256-RSA", "ECDSA-SHA256"
  WallTime not_before, not_after;
};

class Certificate {
 public:
  enum class KeyKind : uint8_t { rsa, ecdsa, eddsa };
  static constexpr size_t kKeyKinds = 3;

  // PEM texts: the certificate followed by its chain; its private key (not encrypted). Errors: either is not PEM, or
  // the key is not the certificate's.
  static Result<std::shared_ptr<const Certificate>> parse(std::string_view chain_pem, std::string_view key_pem);
  // A new key and a self-signed certificate for a made-up name, valid for a year, for where nothing else fits. Named as
  // Traefik's, which tests and dashboards look for.
  static constexpr std::string_view kDefaultName = "TRAEFIK DEFAULT CERT";
  static std::shared_ptr<const Certificate> make_default(WallTime now);

  ~Certificate();
  Certificate(const Certificate&) = delete;
  Certificate& operator=(const Certificate&) = delete;

  // Names it is good for: common name, DNS names and addresses; lower case, each once.
  const std::vector<std::string>& names() const { return names_; }
  KeyKind key_kind() const { return key_kind_; }
  WallTime not_before() const { return facts_.not_before; }
  WallTime not_after() const { return facts_.not_after; }
  const CertificateFacts& facts() const { return facts_; }
  std::string chain_pem() const;

  // A DER OCSP response to show with it; null: none.
  std::shared_ptr<const std::string> staple() const { return staple_.load(std::memory_order_acquire); }
  void set_staple(std::shared_ptr<const std::string> response) const {
    staple_.store(std::move(response), std::memory_order_release);
  }

  // For tls/ only.
  x509_st* leaf() const { return leaf_; }
  evp_pkey_st* key() const { return key_; }
  stack_st_X509* chain() const { return chain_; }  // without the leaf
  // The certificate that a leaf belongs to; null for others.
  static const Certificate* of(const x509_st* leaf);

 private:
  Certificate(x509_st* leaf, evp_pkey_st* key, stack_st_X509* chain);
  CertificateFacts read_facts() const;

  x509_st* leaf_;
  evp_pkey_st* key_;
  stack_st_X509* chain_;
  std::vector<std::string> names_;
  KeyKind key_kind_;
  CertificateFacts facts_;
  mutable std::atomic<std::shared_ptr<const std::string>> staple_;
};

}  // namespace fl::tls
