#include "tls/testing/authority.h"

#include <openssl/ocsp.h>
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
  if (!request.ocsp_responder.empty()) extend(certificate.get(), NID_info_access, "OCSP;URI:" + request.ocsp_responder);
  FL_CHECK(X509_sign(certificate.get(), signer_->key.get(), EVP_sha256()) > 0);
  return {pem_text([&](BIO* bio) { return PEM_write_bio_X509(bio, certificate.get()); }), pem_text([&](BIO* bio) {
            return PEM_write_bio_PrivateKey(bio, key.get(), nullptr, nullptr, 0, nullptr, nullptr);
          })};
}

std::string Authority::answer_ocsp(const Issued& about, const OcspAnswer& answer) const {
  const auto chain = openssl::parse_certificates(about.certificate_pem);
  FL_CHECK(chain);
  const Owned<OCSP_CERTID> id(OCSP_cert_to_id(EVP_sha1(), sk_X509_value(chain->get(), 0), signer_->certificate.get()));
  const Owned<OCSP_BASICRESP> basic(OCSP_BASICRESP_new());
  const auto from_now = [](long seconds) { return Owned<ASN1_TIME>(X509_gmtime_adj(nullptr, seconds)); };
  const Owned<ASN1_TIME> from = from_now(answer.from_s), until = from_now(answer.until_s), revoked = from_now(-3600);
  const int status = answer.status == OcspAnswer::good      ? V_OCSP_CERTSTATUS_GOOD
                     : answer.status == OcspAnswer::revoked ? V_OCSP_CERTSTATUS_REVOKED
                                                            : V_OCSP_CERTSTATUS_UNKNOWN;
  FL_CHECK(OCSP_basic_add1_status(basic.get(), id.get(), status, OCSP_REVOKED_STATUS_KEYCOMPROMISE, revoked.get(),
                                  from.get(), answer.until_s == 0 ? nullptr : until.get()) != nullptr);
  if (answer.signer == nullptr) {
    FL_CHECK(OCSP_basic_sign(basic.get(), signer_->certificate.get(), signer_->key.get(), EVP_sha256(), nullptr, 0) ==
             1);
  } else {
    const auto signers = openssl::parse_certificates(answer.signer->certificate_pem);
    const auto key = openssl::parse_private_key(answer.signer->key_pem, "EC");
    FL_CHECK(signers && key);
    FL_CHECK(OCSP_basic_sign(basic.get(), sk_X509_value(signers->get(), 0), key->get(), EVP_sha256(), nullptr, 0) == 1);
  }
  const Owned<OCSP_RESPONSE> response(OCSP_response_create(OCSP_RESPONSE_STATUS_SUCCESSFUL, basic.get()));
  unsigned char* bytes = nullptr;
  const int size = i2d_OCSP_RESPONSE(response.get(), &bytes);
  const Owned<unsigned char> owner(bytes);
  FL_CHECK(size > 0);
  return {reinterpret_cast<const char*>(bytes), static_cast<size_t>(size)};
}

}  // namespace fl::tls::testing
