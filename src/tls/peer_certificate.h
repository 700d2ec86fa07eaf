// What a peer's certificate says, free of OpenSSL's types: read once, at the handshake, for middlewares that pass it
// on. Plain data; any thread.
#pragma once

#include <cstdint>
#include <string>
#include <utility>
#include <vector>

namespace fl::tls {

// The parts of a distinguished name that Traefik knows, in the order of the certificate. UTF-8.
struct DistinguishedName {
  enum class Part : uint8_t {
    domain_component,
    country,
    province,
    locality,
    organization,
    organizational_unit,
    serial_number,
    common_name,
  };
  std::vector<std::pair<Part, std::string>> parts;
};

struct PeerCertificate {
  std::string base64;  // of its DER: PEM without armour and line breaks
  DistinguishedName subject, issuer;
  std::string serial;      // decimal
  int64_t not_before = 0;  // Unix time in seconds; certificates may be good until the year 9999
  int64_t not_after = 0;
  std::vector<std::string> sans;  // DNS names, mail addresses, IP addresses, URIs
};

}  // namespace fl::tls
