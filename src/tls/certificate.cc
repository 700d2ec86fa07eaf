#include "tls/certificate.h"

#include <openssl/err.h>
#include <openssl/pem.h>
#include <openssl/rand.h>
#include <openssl/ssl.h>
#include <openssl/x509v3.h>

#include <algorithm>

#include "base/check.h"
#include "base/crypto.h"
#include "base/strings.h"
#include "tls/openssl/certificate_parts.h"
#include "tls/openssl/handles.h"

namespace fl::tls {
namespace {

using openssl::attribute;
using openssl::Owned;
using openssl::time_of;

int leaf_index() {
  static const int index = X509_get_ex_new_index(0, nullptr, nullptr, nullptr, nullptr);
  return index;
}

std::string signature_name(int nid) {
  switch (nid) {
    case NID_sha1WithRSAEncryption: return "SHA1-RSA";
    case NID_sha256WithRSAEncryption: return "SHA256-RSA";
    case NID_sha384WithRSAEncryption: return "SHA384-RSA";
    case NID_sha512WithRSAEncryption: return "SHA512-RSA";
    case NID_rsassaPss: return "SHA256-RSAPSS";
    case NID_ecdsa_with_SHA1: return "ECDSA-SHA1";
    case NID_ecdsa_with_SHA256: return "ECDSA-SHA256";
    case NID_ecdsa_with_SHA384: return "ECDSA-SHA384";
    case NID_ecdsa_with_SHA512: return "ECDSA-SHA512";
    case NID_ED25519: return "Ed25519";
    default: return OBJ_nid2ln(nid);
  }
}

std::string sha256_hex(std::string_view bytes) { return hex(sha256(bytes)); }

}  // namespace

Certificate::Certificate(x509_st* leaf, evp_pkey_st* key, stack_st_X509* chain)
    : leaf_(leaf), key_(key), chain_(chain) {
  switch (EVP_PKEY_get_base_id(key_)) {
    case EVP_PKEY_EC: key_kind_ = KeyKind::ecdsa; break;
    case EVP_PKEY_ED25519:
    case EVP_PKEY_ED448: key_kind_ = KeyKind::eddsa; break;
    default: key_kind_ = KeyKind::rsa; break;
  }
  facts_ = read_facts();
  names_ = facts_.sans;
  if (!facts_.common_name.empty()) names_.push_back(facts_.common_name);
  for (std::string& name : names_) name = to_lower(name);
  std::ranges::sort(names_);
  names_.erase(std::ranges::unique(names_).begin(), names_.end());
  FL_CHECK(X509_set_ex_data(leaf_, leaf_index(), this) == 1);
}

Certificate::~Certificate() {
  X509_set_ex_data(leaf_, leaf_index(), nullptr);  // a connection may still hold the leaf
  X509_free(leaf_);
  EVP_PKEY_free(key_);
  sk_X509_pop_free(chain_, X509_free);
}

const Certificate* Certificate::of(const x509_st* leaf) {
  return static_cast<const Certificate*>(X509_get_ex_data(leaf, leaf_index()));
}

Result<std::shared_ptr<const Certificate>> Certificate::parse(std::string_view chain_pem, std::string_view key_pem) {
  FL_TRY(Owned<STACK_OF(X509)> chain, openssl::parse_certificates(chain_pem));
  Owned<X509> leaf(sk_X509_shift(chain.get()));
  const EVP_PKEY* public_key = X509_get0_pubkey(leaf.get());
  const char* type = public_key == nullptr ? nullptr : EVP_PKEY_get0_type_name(public_key);
  FL_TRY(Owned<EVP_PKEY> key, openssl::parse_private_key(key_pem, type == nullptr ? "" : type));
  if (X509_check_private_key(leaf.get(), key.get()) != 1) {
    ERR_clear_error();
    return fail(Code::invalid, "the private key is not the certificate's");
  }
  return std::shared_ptr<const Certificate>(new Certificate(leaf.release(), key.release(), chain.release()));
}

std::shared_ptr<const Certificate> Certificate::make_default(WallTime now) {
  Owned<EVP_PKEY> key(EVP_EC_gen("P-256"));
  Owned<X509> leaf(X509_new());
  FL_CHECK(key != nullptr && leaf != nullptr);
  X509_set_version(leaf.get(), X509_VERSION_3);
  const Owned<BIGNUM> serial(BN_new());
  FL_CHECK(BN_rand(serial.get(), 127, BN_RAND_TOP_ANY, BN_RAND_BOTTOM_ANY) == 1);
  BN_to_ASN1_INTEGER(serial.get(), X509_get_serialNumber(leaf.get()));
  const time_t start =
      std::chrono::system_clock::to_time_t(std::chrono::time_point_cast<std::chrono::system_clock::duration>(now));
  ASN1_TIME_set(X509_getm_notBefore(leaf.get()), start);
  ASN1_TIME_set(X509_getm_notAfter(leaf.get()), start + 365L * 86400);
  X509_set_pubkey(leaf.get(), key.get());
  X509_NAME_add_entry_by_txt(X509_get_subject_name(leaf.get()), "CN", MBSTRING_UTF8,
                             reinterpret_cast<const unsigned char*>(kDefaultName.data()),
                             static_cast<int>(kDefaultName.size()), -1, 0);
  X509_set_issuer_name(leaf.get(), X509_get_subject_name(leaf.get()));
  unsigned char random[32];
  FL_CHECK(RAND_bytes(random, sizeof random) == 1);
  const std::string name = hex(random);
  const auto extend = [&leaf](int nid, const std::string& value) {
    X509_EXTENSION* extension = X509V3_EXT_conf_nid(nullptr, nullptr, nid, value.c_str());
    FL_CHECK(extension != nullptr && X509_add_ext(leaf.get(), extension, -1) == 1);
    X509_EXTENSION_free(extension);
  };
  extend(NID_basic_constraints, "critical,CA:FALSE");
  extend(NID_key_usage, "critical,digitalSignature,keyEncipherment");
  extend(NID_ext_key_usage, "serverAuth");
  extend(NID_subject_alt_name, "DNS:" + name.substr(0, 32) + '.' + name.substr(32) + ".traefik.default");
  FL_CHECK(X509_sign(leaf.get(), key.get(), EVP_sha256()) > 0);
  return std::shared_ptr<const Certificate>(new Certificate(leaf.release(), key.release(), sk_X509_new_null()));
}

CertificateFacts Certificate::read_facts() const {
  CertificateFacts facts;
  facts.fingerprint = sha256_hex(openssl::der(leaf_));
  unsigned char* spki = nullptr;
  const int spki_size = i2d_X509_PUBKEY(X509_get_X509_PUBKEY(leaf_), &spki);
  const Owned<unsigned char> spki_owner(spki);
  if (spki_size > 0)
    facts.public_key_fingerprint = sha256_hex({reinterpret_cast<const char*>(spki), static_cast<size_t>(spki_size)});
  const X509_NAME* subject = X509_get_subject_name(leaf_);
  const X509_NAME* issuer = X509_get_issuer_name(leaf_);
  facts.common_name = attribute(subject, NID_commonName);
  facts.organization = attribute(subject, NID_organizationName);
  facts.country = attribute(subject, NID_countryName);
  facts.issuer_common_name = attribute(issuer, NID_commonName);
  facts.issuer_organization = attribute(issuer, NID_organizationName);
  facts.issuer_country = attribute(issuer, NID_countryName);
  auto names = openssl::alternative_names(leaf_);
  facts.sans = std::move(names.dns);
  facts.sans.insert(facts.sans.end(), names.addresses.begin(), names.addresses.end());
  facts.serial = openssl::serial_number(leaf_);
  facts.version = static_cast<int>(X509_get_version(leaf_)) + 1;
  facts.key_type = key_kind_ == KeyKind::rsa ? "RSA" : key_kind_ == KeyKind::ecdsa ? "ECDSA" : "Ed25519";
  facts.key_bits = EVP_PKEY_get_bits(key_);
  facts.signature_algorithm = signature_name(X509_get_signature_nid(leaf_));
  facts.not_before = time_of(X509_get0_notBefore(leaf_));
  facts.not_after = time_of(X509_get0_notAfter(leaf_));
  return facts;
}

std::string Certificate::chain_pem() const {
  const Owned<BIO> bio(BIO_new(BIO_s_mem()));
  FL_CHECK(bio != nullptr && PEM_write_bio_X509(bio.get(), leaf_) == 1);
  for (int i = 0; i < sk_X509_num(chain_); ++i) FL_CHECK(PEM_write_bio_X509(bio.get(), sk_X509_value(chain_, i)) == 1);
  char* text = nullptr;
  const long size = BIO_get_mem_data(bio.get(), &text);
  return {text, static_cast<size_t>(size)};
}

}  // namespace fl::tls
