#include "tls/ocsp.h"

#include <fmt/format.h>
#include <openssl/err.h>
#include <openssl/ocsp.h>

#include "tls/openssl/certificate_parts.h"
#include "tls/openssl/handles.h"

namespace fl::tls {
namespace {

using openssl::Owned;

// Whoever states no end has news at any time (RFC 6960 2.4): what is heard is taken for good this long.
constexpr Duration kUnstatedValidity = 1h;
constexpr Duration kClockSkew = 5min;

// Null when it is not among them: a leaf alone, or signed by somebody else.
X509* issuer_of(const Certificate& certificate) {
  STACK_OF(X509)* const chain = certificate.chain();
  for (int i = 0; i < sk_X509_num(chain); ++i) {
    X509* const candidate = sk_X509_value(chain, i);
    if (X509_check_issued(candidate, certificate.leaf()) == X509_V_OK) return candidate;
  }
  return nullptr;
}

Owned<OCSP_CERTID> identify(const Certificate& certificate) {
  const X509* const issuer = issuer_of(certificate);
  if (issuer == nullptr) return nullptr;
  return Owned<OCSP_CERTID>(OCSP_cert_to_id(EVP_sha1(), certificate.leaf(), issuer));  // RFC 5019 2.1.1: SHA-1
}

Result<> verify(OCSP_BASICRESP* answer, const Certificate& certificate, WallTime now) {
  const Owned<X509_STORE> trusted(X509_STORE_new());
  X509_STORE_add_cert(trusted.get(), issuer_of(certificate));
  X509_STORE_set_flags(trusted.get(), X509_V_FLAG_PARTIAL_CHAIN);  // the issuer is trusted, whatever is above it
  X509_VERIFY_PARAM_set_time(X509_STORE_get0_param(trusted.get()),
                             std::chrono::system_clock::to_time_t(std::chrono::floor<std::chrono::seconds>(now)));
  if (OCSP_basic_verify(answer, certificate.chain(), trusted.get(), 0) == 1) return {};
  return fail(Code::invalid, "the answer is not signed by the certificate's issuer: " + openssl::take_error());
}

}  // namespace

Result<OcspQuestion> OcspQuestion::about(std::shared_ptr<const Certificate> certificate) {
  OcspQuestion out;
  {
    STACK_OF(OPENSSL_STRING)* const urls = X509_get1_ocsp(certificate->leaf());
    if (urls != nullptr && sk_OPENSSL_STRING_num(urls) > 0) out.responder_ = sk_OPENSSL_STRING_value(urls, 0);
    X509_email_free(urls);
  }
  if (out.responder_.empty()) return fail(Code::not_found, "the certificate names no OCSP responder");
  Owned<OCSP_CERTID> id = identify(*certificate);
  if (id == nullptr)
    return fail(Code::invalid, "the certificate's issuer is not in its file: append the chain to certFile");
  const Owned<OCSP_REQUEST> request(OCSP_REQUEST_new());
  if (OCSP_request_add0_id(request.get(), id.get()) == nullptr) return fail(Code::internal, openssl::take_error());
  static_cast<void>(id.release());  // the request's now
  unsigned char* bytes = nullptr;
  const int size = i2d_OCSP_REQUEST(request.get(), &bytes);
  const Owned<unsigned char> owner(bytes);
  if (size < 0) return fail(Code::internal, openssl::take_error());
  out.der_.assign(reinterpret_cast<const char*>(bytes), static_cast<size_t>(size));
  out.certificate_ = std::move(certificate);
  return out;
}

Result<OcspStaple> OcspQuestion::check(std::string_view answer, WallTime now) const {
  const auto* at = reinterpret_cast<const unsigned char*>(answer.data());
  const unsigned char* const end = at + answer.size();
  const Owned<OCSP_RESPONSE> response(d2i_OCSP_RESPONSE(nullptr, &at, static_cast<long>(answer.size())));
  if (response == nullptr || at != end) {
    ERR_clear_error();
    return fail(Code::invalid, "this is no OCSP answer");
  }
  if (const int status = OCSP_response_status(response.get()); status != OCSP_RESPONSE_STATUS_SUCCESSFUL)
    return fail(Code::unavailable, fmt::format("the responder says: {}", OCSP_response_status_str(status)));
  const Owned<OCSP_BASICRESP> basic(OCSP_response_get1_basic(response.get()));
  if (basic == nullptr) return fail(Code::invalid, openssl::take_error());
  FL_TRY_VOID(verify(basic.get(), *certificate_, now));

  int status = 0, reason = 0;
  ASN1_GENERALIZEDTIME *revoked_at = nullptr, *this_update = nullptr, *next_update = nullptr;
  if (OCSP_resp_find_status(basic.get(), identify(*certificate_).get(), &status, &reason, &revoked_at, &this_update,
                            &next_update) != 1)
    return fail(Code::invalid, "the answer is about another certificate");
  if (status == V_OCSP_CERTSTATUS_REVOKED) return fail(Code::denied, "the certificate is revoked: replace it");
  if (status != V_OCSP_CERTSTATUS_GOOD) return fail(Code::invalid, "the responder does not know the certificate");

  OcspStaple out{.der = std::make_shared<const std::string>(answer), .this_update = {}, .next_update = {}};
  out.this_update = openssl::time_of(this_update);
  out.next_update = next_update != nullptr ? openssl::time_of(next_update) : now + kUnstatedValidity;
  if (out.this_update > now + kClockSkew) return fail(Code::invalid, "the answer is from the future");
  if (out.next_update <= now) return fail(Code::invalid, "the answer is no longer good");
  return out;
}

}  // namespace fl::tls
