#include "tls/openssl/protocol.h"

#include <fmt/format.h>
#include <openssl/err.h>

#include <map>

#include "base/check.h"
#include "base/strings.h"
#include "tls/openssl/handles.h"
#include "tls/openssl/provider.h"

namespace fl::tls::openssl {
namespace {

// Forward secret and authenticated encryption only; AES first, but a client that puts ChaCha20 first gets it.
constexpr std::string_view kDefaultCiphers =
    "ECDHE-ECDSA-AES128-GCM-SHA256:ECDHE-RSA-AES128-GCM-SHA256:ECDHE-ECDSA-AES256-GCM-SHA384:"
    "ECDHE-RSA-AES256-GCM-SHA384:ECDHE-ECDSA-CHACHA20-POLY1305:ECDHE-RSA-CHACHA20-POLY1305";
// Of TLS 1.3, which has them all on, in the order of Go's (and so Traefik's): OpenSSL's own begins with AES-256, whose
// SHA-384 costs a handshake a tenth of its time.
constexpr const char* kTls13Ciphers = "TLS_AES_128_GCM_SHA256:TLS_AES_256_GCM_SHA384:TLS_CHACHA20_POLY1305_SHA256";
// For who asks for TLS 1.0 or 1.1, which have nothing better.
constexpr std::string_view kOldCiphers =
    ":ECDHE-ECDSA-AES128-SHA:ECDHE-RSA-AES128-SHA:ECDHE-ECDSA-AES256-SHA:ECDHE-RSA-AES256-SHA";

int number_of(Version version) {
  switch (version) {
    case Version::tls10: return TLS1_VERSION;
    case Version::tls11: return TLS1_1_VERSION;
    case Version::tls12: return TLS1_2_VERSION;
    case Version::tls13: return TLS1_3_VERSION;
  }
  return TLS1_2_VERSION;
}

// IANA names to OpenSSL's, of everything this OpenSSL has; TLS 1.3's suites have an empty name here.
std::map<std::string, std::string, std::less<>> make_cipher_names() {
  std::map<std::string, std::string, std::less<>> names;
  const Owned<SSL_CTX> all(SSL_CTX_new(TLS_method()));
  FL_CHECK(all != nullptr);
  SSL_CTX_set_security_level(all.get(), 0);
  FL_CHECK(SSL_CTX_set_cipher_list(all.get(), "ALL:!aNULL:!eNULL:!PSK:!SRP") == 1);
  STACK_OF(SSL_CIPHER)* ciphers = SSL_CTX_get_ciphers(all.get());
  for (int i = 0; i < sk_SSL_CIPHER_num(ciphers); ++i) {
    const SSL_CIPHER* cipher = sk_SSL_CIPHER_value(ciphers, i);
    const char* standard = SSL_CIPHER_standard_name(cipher);
    if (standard == nullptr) continue;
    const bool is_tls13 = std::string_view(SSL_CIPHER_get_version(cipher)) == "TLSv1.3";
    names[standard] = is_tls13 ? "" : SSL_CIPHER_get_name(cipher);
  }
  return names;
}

Result<> apply_ciphers(SSL_CTX* context, const ProtocolOptions& options) {
  FL_CHECK(SSL_CTX_set_ciphersuites(context, kTls13Ciphers) == 1);
  const std::vector<std::string>& suites = options.cipher_suites;
  if (suites.empty()) {
    std::string list(kDefaultCiphers);
    if (options.min_version < Version::tls12) list += kOldCiphers;
    FL_CHECK(SSL_CTX_set_cipher_list(context, list.c_str()) == 1);
    return {};
  }
  static const auto known = make_cipher_names();
  std::string list;
  for (const std::string& suite : suites) {
    auto found = known.find(suite);
    if (found == known.end()) found = known.find(suite + "_SHA256");  // Go's older names of the ChaCha20 suites
    if (found == known.end()) return fail(Code::invalid, fmt::format("invalid CipherSuite: {}", suite));
    if (!found->second.empty()) list += fmt::format("{}{}", list.empty() ? "" : ":", found->second);
  }
  if (list.empty()) {  // only suites of TLS 1.3, which are always on: nothing older can be spoken
    FL_CHECK(SSL_CTX_set_min_proto_version(context, TLS1_3_VERSION) == 1);
    return {};
  }
  if (SSL_CTX_set_cipher_list(context, list.c_str()) != 1)
    return fail(Code::invalid, fmt::format("cipherSuites cannot be used: {}", take_error()));
  return {};
}

struct Curve {
  std::string_view name, alias, openssl;
};
constexpr Curve kCurves[] = {{"X25519", "x25519", "X25519"},
                             {"CurveP256", "secp256r1", "P-256"},
                             {"CurveP384", "secp384r1", "P-384"},
                             {"CurveP521", "secp521r1", "P-521"},
                             {"X25519MLKEM768", "", "X25519MLKEM768"}};

const Curve* find_curve(std::string_view name) {
  for (const Curve& curve : kCurves)
    if (!name.empty() && (curve.name == name || curve.alias == name)) return &curve;
  return nullptr;
}

Result<> apply_curves(SSL_CTX* context, const std::vector<std::string>& curves) {
  if (curves.empty()) {
    // Newer OpenSSL has the post-quantum exchange; what this one lacks is left out.
    if (SSL_CTX_set1_groups_list(context, "X25519MLKEM768:X25519:P-256:P-384:P-521") != 1)
      FL_CHECK(SSL_CTX_set1_groups_list(context, "X25519:P-256:P-384:P-521") == 1);
    ERR_clear_error();
    return {};
  }
  std::string list;
  for (const std::string& name : curves) {
    const Curve* found = find_curve(name);
    if (found == nullptr) return fail(Code::invalid, fmt::format("invalid CurveID in curvePreferences: {}", name));
    const std::string with = fmt::format("{}{}{}", list, list.empty() ? "" : ":", found->openssl);
    if (SSL_CTX_set1_groups_list(context, with.c_str()) == 1) list = with;
    ERR_clear_error();
  }
  if (list.empty())
    return fail(Code::invalid,
                fmt::format("curvePreferences has none that {} knows", OpenSSL_version(OPENSSL_VERSION)));
  FL_CHECK(SSL_CTX_set1_groups_list(context, list.c_str()) == 1);
  return {};
}

}  // namespace
}  // namespace fl::tls::openssl

namespace fl::tls {

bool is_curve_available(std::string_view name) {
  const openssl::Owned<SSL_CTX> context = openssl::new_context(TLS_method());
  const openssl::Curve* curve = openssl::find_curve(name);
  const bool available =
      curve != nullptr && SSL_CTX_set1_groups_list(context.get(), std::string(curve->openssl).c_str()) == 1;
  ERR_clear_error();
  return available;
}

}  // namespace fl::tls

namespace fl::tls::openssl {

Result<> apply(SSL_CTX* context, const ProtocolOptions& options) {
  if (options.min_version > options.max_version) return fail(Code::invalid, "minVersion is above maxVersion");
  // OpenSSL's own level 2 would refuse what Go accepts; below TLS 1.2 there are no signatures it would let pass.
  SSL_CTX_set_security_level(context, options.min_version < Version::tls12 ? 0 : 1);
  FL_CHECK(SSL_CTX_set_min_proto_version(context, number_of(options.min_version)) == 1);
  FL_CHECK(SSL_CTX_set_max_proto_version(context, number_of(options.max_version)) == 1);
  SSL_CTX_set_options(context, SSL_OP_NO_RENEGOTIATION | SSL_OP_NO_COMPRESSION);
  SSL_CTX_set_mode(context,
                   SSL_MODE_ENABLE_PARTIAL_WRITE | SSL_MODE_ACCEPT_MOVING_WRITE_BUFFER | SSL_MODE_RELEASE_BUFFERS);
  SSL_CTX_set_read_ahead(context, 1);  // a record in one system call instead of two
  FL_TRY_VOID(apply_ciphers(context, options));
  return apply_curves(context, options.curves);
}

}  // namespace fl::tls::openssl
