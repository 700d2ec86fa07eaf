// Owners of OpenSSL's objects. Private to tls/: no other module sees libssl.
#pragma once

#include <openssl/ocsp.h>
#include <openssl/ssl.h>
#include <openssl/x509v3.h>

#include <memory>
#include <string>
#include <string_view>

#include "base/result.h"

namespace fl::tls::openssl {

struct Free {
  void operator()(SSL* p) const { SSL_free(p); }
  void operator()(SSL_CTX* p) const { SSL_CTX_free(p); }
  void operator()(SSL_SESSION* p) const { SSL_SESSION_free(p); }
  void operator()(BIO* p) const { BIO_free_all(p); }
  void operator()(X509* p) const { X509_free(p); }
  void operator()(X509_NAME* p) const { X509_NAME_free(p); }
  void operator()(X509_STORE* p) const { X509_STORE_free(p); }
  void operator()(STACK_OF(X509) * p) const { sk_X509_pop_free(p, X509_free); }
  void operator()(GENERAL_NAMES* p) const { GENERAL_NAMES_free(p); }
  void operator()(EVP_PKEY* p) const { EVP_PKEY_free(p); }
  void operator()(EVP_CIPHER_CTX* p) const { EVP_CIPHER_CTX_free(p); }
  void operator()(BIGNUM* p) const { BN_free(p); }
  void operator()(OCSP_REQUEST* p) const { OCSP_REQUEST_free(p); }
  void operator()(OCSP_RESPONSE* p) const { OCSP_RESPONSE_free(p); }
  void operator()(OCSP_BASICRESP* p) const { OCSP_BASICRESP_free(p); }
  void operator()(OCSP_CERTID* p) const { OCSP_CERTID_free(p); }
  void operator()(ASN1_STRING* p) const { ASN1_STRING_free(p); }  // and every other ASN.1 type, times for one
  void operator()(unsigned char* p) const { OPENSSL_free(p); }
  void operator()(char* p) const { OPENSSL_free(p); }
};
template <class T>
using Owned = std::unique_ptr<T, Free>;

// Text of the oldest queued error, which empties the queue; "unknown error" when there is none.
std::string take_error();

// A BIO that reads the text, which must outlive it.
Owned<BIO> read_bio(std::string_view text);

// Every certificate of a PEM text, in its order. Errors: none is in it, or one cannot be read.
Result<Owned<STACK_OF(X509)>> parse_certificates(std::string_view pem);
// The first private key of a PEM text. `type` is the kind of key it should be ("EC", "RSA", "ED25519"), which makes
// reading it three times as fast; empty: any.
Result<Owned<EVP_PKEY>> parse_private_key(std::string_view pem, std::string_view type = {});

// DER of a certificate.
std::string der(const X509* certificate);

}  // namespace fl::tls::openssl
