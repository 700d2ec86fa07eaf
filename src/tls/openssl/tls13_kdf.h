// TLS 1.3's key derivation (RFC 8446 7.1) as an algorithm of our provider: HKDF-Expand-Label, and HKDF-Extract with the
// "derived" step before it. A full handshake calls it twenty times. Private to tls/.
#pragma once

#include <openssl/core.h>

#include <array>
#include <cstddef>
#include <cstdint>
#include <span>
#include <string_view>

namespace fl::tls::openssl {

enum class Hash : uint8_t { sha256, sha384 };
constexpr size_t kMaxHash = 48;
constexpr size_t size_of(Hash hash) { return hash == Hash::sha256 ? 32 : 48; }
using Secret = std::array<uint8_t, kMaxHash>;  // as many of its bytes as the hash has

// HKDF-Expand-Label(secret, label, context, out.size()); `out` is at most one hash, which is all that TLS 1.3 derives
// for itself.
void expand_label(Hash hash, std::span<const uint8_t> secret, std::string_view label, std::span<const uint8_t> context,
                  std::span<uint8_t> out);

// What protects the data of a connection: both sides' first application traffic secrets.
struct TrafficSecrets {
  Secret client, server;
  bool has_client = false, has_server = false;
  bool complete() const { return has_client && has_server; }
  ~TrafficSecrets();
};
// While it lives, the secrets that this thread derives are put down in `out` as well, unless that is null.
class SecretsWanted {
 public:
  explicit SecretsWanted(TrafficSecrets* out);
  ~SecretsWanted();
  SecretsWanted(const SecretsWanted&) = delete;
  SecretsWanted& operator=(const SecretsWanted&) = delete;
};

// The functions of the algorithm. Parameters are taken with the derivation, as libssl gives them, and nowhere else.
const OSSL_DISPATCH* tls13_kdf();

}  // namespace fl::tls::openssl
