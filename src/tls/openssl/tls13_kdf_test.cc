#include "tls/openssl/tls13_kdf.h"

#include <gmock/gmock.h>
#include <openssl/core_names.h>
#include <openssl/evp.h>
#include <openssl/kdf.h>

#include "support/hex.h"
#include "tls/openssl/provider.h"

namespace fl::tls::openssl {
namespace {

using fl::testing::from_hex;

struct Ask {
  int mode;
  std::string digest, key, salt, label, data;
  size_t size;
  std::string prefix = "tls13 ";
};

// As libssl asks; empty: refused.
std::string derive(const char* properties, const Ask& ask) {
  EVP_KDF* kdf = EVP_KDF_fetch(nullptr, "TLS13-KDF", properties);
  EXPECT_NE(kdf, nullptr);
  EVP_KDF_CTX* context = EVP_KDF_CTX_new(kdf);
  EVP_KDF_free(kdf);
  int mode = ask.mode;
  const auto octets = [](const char* name, const std::string& value) {
    return OSSL_PARAM_construct_octet_string(name, const_cast<char*>(value.data()), value.size());
  };
  std::vector<OSSL_PARAM> parameters = {
      OSSL_PARAM_construct_int(OSSL_KDF_PARAM_MODE, &mode),
      OSSL_PARAM_construct_utf8_string(OSSL_KDF_PARAM_DIGEST, const_cast<char*>(ask.digest.c_str()), 0),
      octets(OSSL_KDF_PARAM_PREFIX, ask.prefix), octets(OSSL_KDF_PARAM_LABEL, ask.label)};
  if (!ask.key.empty()) parameters.push_back(octets(OSSL_KDF_PARAM_KEY, ask.key));
  if (!ask.salt.empty()) parameters.push_back(octets(OSSL_KDF_PARAM_SALT, ask.salt));
  if (!ask.data.empty()) parameters.push_back(octets(OSSL_KDF_PARAM_DATA, ask.data));
  parameters.push_back(OSSL_PARAM_construct_end());
  std::string out(ask.size, '\0');
  const bool done =
      EVP_KDF_derive(context, reinterpret_cast<unsigned char*>(out.data()), out.size(), parameters.data()) == 1;
  EVP_KDF_CTX_free(context);
  return done ? out : "";
}

class Tls13Kdf : public ::testing::Test {
 protected:
  Tls13Kdf() { new_context(TLS_method()); }  // loads the provider
};

TEST_F(Tls13Kdf, DerivesAsOpensslDoes) {
  const std::string secret(32, 's'), long_secret(48, 'S'), transcript(32, 't'), long_transcript(48, 'T');
  for (const Ask& ask : std::vector<Ask>{
           {EVP_KDF_HKDF_MODE_EXTRACT_ONLY, "SHA256", "", "", "derived", "", 32},
           {EVP_KDF_HKDF_MODE_EXTRACT_ONLY, "SHA2-256", secret, secret, "derived", "", 32},
           {EVP_KDF_HKDF_MODE_EXTRACT_ONLY, "SHA256", "", secret, "derived", "", 32},
           {EVP_KDF_HKDF_MODE_EXTRACT_ONLY, "SHA2-384", long_secret, long_secret, "derived", "", 48},
           {EVP_KDF_HKDF_MODE_EXPAND_ONLY, "SHA2-256", secret, "", "c hs traffic", transcript, 32},
           {EVP_KDF_HKDF_MODE_EXPAND_ONLY, "sha256", secret, "", "key", "", 16},
           {EVP_KDF_HKDF_MODE_EXPAND_ONLY, "SHA384", long_secret, "", "s ap traffic", long_transcript, 48},
           {EVP_KDF_HKDF_MODE_EXPAND_ONLY, "SHA384", long_secret, "", "iv", "", 12},
       }) {
    EXPECT_NE(derive("provider=default", ask), "") << ask.label;
    EXPECT_EQ(derive("provider=fairlead", ask), derive("provider=default", ask)) << ask.label << " " << ask.digest;
  }
}

TEST_F(Tls13Kdf, RefusesWhatTls13DoesNotAskFor) {
  const std::string secret(32, 's');
  for (const Ask& ask : std::vector<Ask>{
           {EVP_KDF_HKDF_MODE_EXPAND_ONLY, "SHA512", secret, "", "key", "", 16},
           {EVP_KDF_HKDF_MODE_EXPAND_ONLY, "SHA256", secret, "", "key", "", 33},
           {EVP_KDF_HKDF_MODE_EXPAND_ONLY, "SHA256", "", "", "key", "", 16},
           {EVP_KDF_HKDF_MODE_EXPAND_ONLY, "SHA256", secret, "", "key", std::string(49, 'd'), 16},
           {EVP_KDF_HKDF_MODE_EXPAND_ONLY, "SHA256", secret, "", std::string(250, 'l'), "", 16},
           {EVP_KDF_HKDF_MODE_EXPAND_ONLY, "SHA256", secret, "", "key", "", 16, "dtls13"},
           {EVP_KDF_HKDF_MODE_EXTRACT_ONLY, "SHA256", secret, "", "derived", "", 16},
           {EVP_KDF_HKDF_MODE_EXTRACT_AND_EXPAND, "SHA256", secret, "", "derived", "", 32},
       })
    EXPECT_EQ(derive("provider=fairlead", ask), "") << ask.label;
}

TEST_F(Tls13Kdf, IsForThoseWhoAskForIt) {
  const Ask sha512{EVP_KDF_HKDF_MODE_EXPAND_ONLY, "SHA512", std::string(64, 's'), "", "key", "", 16};
  EXPECT_NE(derive(nullptr, sha512), "");
  EXPECT_EQ(derive("?provider=fairlead", sha512), "");
}

// RFC 8448 section 3.
TEST_F(Tls13Kdf, PutsTheTrafficSecretsDownForWhoWantsThem) {
  const std::string master = from_hex("18df06843d13a08bf2a449844c5f8a478001bc4d4c627984d5a41da8d0402919");
  const std::string transcript = from_hex("9608102a0f1ccc6db6250b7b7e417b1a000eaada3daae4777a7686c9ff83df13");
  const auto ask = [&](const char* label) {
    return derive("provider=fairlead", {EVP_KDF_HKDF_MODE_EXPAND_ONLY, "SHA256", master, "", label, transcript, 32});
  };
  TrafficSecrets secrets;
  {
    const SecretsWanted wanted(&secrets);
    EXPECT_EQ(ask("c ap traffic"), from_hex("9e40646ce79a7f9dc05af8889bce6552875afa0b06df0087f792ebb7c17504a5"));
    EXPECT_FALSE(secrets.complete());
    ask("exp master");
    EXPECT_EQ(ask("s ap traffic"), from_hex("a11af9f05531f856ad47116b45a950328204b4f44bfb6b3a4b4f1f3fcb631643"));
  }
  EXPECT_TRUE(secrets.complete());
  const std::string client(reinterpret_cast<const char*>(secrets.client.data()), 32);
  EXPECT_EQ(client, from_hex("9e40646ce79a7f9dc05af8889bce6552875afa0b06df0087f792ebb7c17504a5"));
  TrafficSecrets others;
  ask("c ap traffic");
  EXPECT_FALSE(others.has_client);
}

}  // namespace
}  // namespace fl::tls::openssl
