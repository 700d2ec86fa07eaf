#include "tls/testing/authority.h"

#include <openssl/pem.h>
#include <openssl/x509v3.h>

#include "base/check.h"
#include "tls/openssl/handles.h"

namespace fl::tls::testing {
namespace {

using openssl::Owned;

template <class Write>
std::string pem_text(Write write) {
  const Owned<BIO> bio(BIO_new(BIO_s_mem()));
  FL_CHECK(write(bio.get()) == 1);
  char* text = nullptr;
  const long size = BIO_get_mem_data(bio.get(), &text);
  return {text, static_cast<size_t>(size)};
}

Owned<EVP_PKEY> make_key(const std::string& kind) {
  if (kind == "RSA") return Owned<EVP_PKEY>(EVP_RSA_gen(2048));
  if (kind == "ED25519") return Owned<EVP_PKEY>(EVP_PKEY_Q_keygen(nullptr, nullptr, "ED25519"));
  return Owned<EVP_PKEY>(EVP_EC_gen(kind.c_str()));
}

void extend(X509* certificate, int nid, const std::string& value) {
  X509_EXTENSION* extension = X509V3_EXT_conf_nid(nullptr, nullptr, nid, value.c_str());
  FL_CHECK(extension != nullptr && X509_add_ext(certificate, extension, -1) == 1);
  X509_EXTENSION_free(extension);
}

Owned<X509> blank(EVP_PKEY* key, const std::string& common_name, long days) {
  Owned<X509> certificate(X509_new());
  X509_set_version(certificate.get(), X509_VERSION_3);
  static long serial = 1;
  ASN1_INTEGER_set(X509_get_serialNumber(certificate.get()), ++serial);
  X509_gmtime_adj(X509_getm_notBefore(certificate.get()), -86400 * 10);
  X509_gmtime_adj(X509_getm_notAfter(certificate.get()), 86400 * days);
  X509_set_pubkey(certificate.get(), key);
  if (!common_name.empty())
    X509_NAME_add_entry_by_txt(X509_get_subject_name(certificate.get()), "CN", MBSTRING_UTF8,
                               reinterpret_cast<const unsigned char*>(common_name.c_str()), -1, -1, 0);
  return certificate;
}

}  // namespace

struct Authority::Signer {
  Owned<EVP_PKEY> key = make_key("P-256");
  Owned<X509> certificate;
};

Authority::Authority(const std::string& common_name) : signer_(std::make_unique<Signer>()) {
  signer_->certificate = blank(signer_->key.get(), common_name, 10);
  X509* certificate = signer_->certificate.get();
  X509_set_issuer_name(certificate, X509_get_subject_name(certificate));
  extend(certificate, NID_basic_constraints, "critical,CA:TRUE");
  extend(certificate, NID_key_usage, "critical,keyCertSign,cRLSign,digitalSignature");
  FL_CHECK(X509_sign(certificate, signer_->key.get(), EVP_sha256()) > 0);
  pem_ = pem_text([certificate](BIO* bio) { return PEM_write_bio_X509(bio, certificate); });
}
Authority::~Authority() = default;

Issued Authority::issue(const Request& request) const {
  const Owned<EVP_PKEY> key = make_key(request.key);
  const Owned<X509> certificate = blank(key.get(), request.common_name, request.days);
  X509_set_issuer_name(certificate.get(), X509_get_subject_name(signer_->certificate.get()));
  extend(certificate.get(), NID_ext_key_usage, request.usage);
  if (!request.sans.empty()) extend(certificate.get(), NID_subject_alt_name, request.sans);
  FL_CHECK(X509_sign(certificate.get(), signer_->key.get(), EVP_sha256()) > 0);
  return {pem_text([&](BIO* bio) { return PEM_write_bio_X509(bio, certificate.get()); }), pem_text([&](BIO* bio) {
            return PEM_write_bio_PrivateKey(bio, key.get(), nullptr, nullptr, 0, nullptr, nullptr);
          })};
}

}  // namespace fl::tls::testing
