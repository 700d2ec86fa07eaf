// What a set of TLS options says, in OpenSSL-free terms, and the words for it that Traefik's configuration uses.
// Values.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"

namespace fl::tls {

enum class Version : uint8_t { tls10, tls11, tls12, tls13 };
// "VersionTLS12". Errors: any other word, with the right ones.
Result<Version> parse_version(std::string_view word);

// What a server asks of its clients' certificates. The words of clientAuthType, in Go's meaning.
enum class ClientAuth : uint8_t {
  none,                // NoClientCert
  request,             // RequestClientCert: asked for, not needed, not checked
  require_any,         // RequireAnyClientCert: needed, not checked
  verify_if_given,     // VerifyClientCertIfGiven
  require_and_verify,  // RequireAndVerifyClientCert
};
Result<ClientAuth> parse_client_auth(std::string_view word);

// Versions and algorithms, for servers and clients alike.
struct ProtocolOptions {
  Version min_version = Version::tls12;
  Version max_version = Version::tls13;
  std::vector<std::string> cipher_suites;  // IANA names, for TLS 1.2 and older (1.3 has its own); empty: the default
  std::vector<std::string> curves;         // "X25519", "CurveP256" or "secp256r1"; empty: the default
  bool operator==(const ProtocolOptions&) const = default;
};

struct ServerOptions {
  ProtocolOptions protocol;
  ClientAuth client_auth = ClientAuth::none;
  std::string client_ca_pem;      // authorities of client certificates, one PEM block after the other
  bool sni_strict = false;        // names without a certificate of their own are refused
  std::vector<std::string> alpn;  // in our order of preference; empty: nothing is negotiated
  bool session_tickets = true;
  std::string key_log_file;  // the secrets of every connection go there (NSS key log); empty: nowhere
  bool kernel_tls = false;   // large bodies are spliced, and the kernel encrypts them, where it can
  bool operator==(const ServerOptions&) const = default;
};

// Whether this OpenSSL has the curve; also false for names that are none.
bool is_curve_available(std::string_view name);
// Whether this kernel can do its part of ServerOptions::kernel_tls. Errors: unavailable, with what to do.
Result<> probe_kernel_tls();

}  // namespace fl::tls
