#include "tls/openssl/handles.h"

#include <openssl/decoder.h>
#include <openssl/err.h>
#include <openssl/pem.h>

#include <climits>

#include "base/check.h"

namespace fl::tls::openssl {

Owned<BIO> read_bio(std::string_view text) {
  FL_CHECK(text.size() <= INT_MAX);
  Owned<BIO> bio(BIO_new_mem_buf(text.data(), static_cast<int>(text.size())));
  FL_CHECK(bio != nullptr);
  return bio;
}

namespace {

// Nobody is there to be asked.
int no_password(char*, int, int, void*) { return -1; }

// Null when it is not of that type, or in no form known here.
Owned<EVP_PKEY> decode_private_key(std::string_view pem, const std::string& type) {
  const Owned<BIO> bio = read_bio(pem);
  EVP_PKEY* key = nullptr;
  while (key == nullptr) {
    char *label = nullptr, *header = nullptr;
    unsigned char* data = nullptr;
    long size = 0;
    if (PEM_read_bio(bio.get(), &label, &header, &data, &size) != 1) break;
    const Owned<char> label_owner(label), header_owner(header);
    const Owned<unsigned char> data_owner(data);
    const std::string_view name = label;
    const char* structure = name == PEM_STRING_PKCS8INF                                 ? "PrivateKeyInfo"
                            : name == PEM_STRING_ECPRIVATEKEY || name == PEM_STRING_RSA ? "type-specific"
                                                                                        : nullptr;
    if (structure == nullptr || *header != '\0') continue;
    OSSL_DECODER_CTX* decoder =
        OSSL_DECODER_CTX_new_for_pkey(&key, "DER", structure, type.c_str(), EVP_PKEY_KEYPAIR, nullptr, nullptr);
    const unsigned char* at = data;
    auto left = static_cast<size_t>(size);
    OSSL_DECODER_from_data(decoder, &at, &left);
    OSSL_DECODER_CTX_free(decoder);
    OPENSSL_cleanse(data, static_cast<size_t>(size));
  }
  ERR_clear_error();
  return Owned<EVP_PKEY>(key);
}

}  // namespace

std::string take_error() {
  const unsigned long code = ERR_get_error();
  ERR_clear_error();
  if (code == 0) return "unknown error";
  const char* reason = ERR_reason_error_string(code);
  return reason != nullptr ? reason : "error " + std::to_string(code);
}

Result<Owned<STACK_OF(X509)>> parse_certificates(std::string_view pem) {
  const Owned<BIO> bio = read_bio(pem);
  Owned<STACK_OF(X509)> all(sk_X509_new_null());
  ERR_clear_error();
  while (X509* certificate = PEM_read_bio_X509(bio.get(), nullptr, no_password, nullptr))
    sk_X509_push(all.get(), certificate);
  // The end of the text is an error to OpenSSL, too.
  const bool at_end = ERR_GET_REASON(ERR_peek_last_error()) == PEM_R_NO_START_LINE;
  if (at_end && sk_X509_num(all.get()) == 0)
    return fail(Code::invalid, "there is no PEM certificate in it (-----BEGIN CERTIFICATE-----)");
  if (!at_end) return fail(Code::invalid, "a certificate in it cannot be read: " + take_error());
  ERR_clear_error();
  return all;
}

Result<Owned<EVP_PKEY>> parse_private_key(std::string_view pem, std::string_view type) {
  if (!type.empty())
    if (Owned<EVP_PKEY> key = decode_private_key(pem, std::string(type)); key != nullptr) return key;
  const Owned<BIO> bio = read_bio(pem);
  ERR_clear_error();
  Owned<EVP_PKEY> key(PEM_read_bio_PrivateKey(bio.get(), nullptr, no_password, nullptr));
  if (key != nullptr) return key;
  if (pem.find("ENCRYPTED") != std::string_view::npos)
    return fail(Code::invalid, "the private key is encrypted: decrypt it with `openssl pkey -in KEY -out NEW`");
  if (pem.find("PRIVATE KEY-----") == std::string_view::npos)
    return fail(Code::invalid, "there is no PEM private key in it (-----BEGIN PRIVATE KEY-----)");
  return fail(Code::invalid, "the private key in it cannot be read: " + take_error());
}

std::string der(const X509* certificate) {
  const int size = i2d_X509(certificate, nullptr);
  FL_CHECK(size > 0);
  std::string out(static_cast<size_t>(size), '\0');
  auto* at = reinterpret_cast<unsigned char*>(out.data());
  i2d_X509(certificate, &at);
  return out;
}

}  // namespace fl::tls::openssl
