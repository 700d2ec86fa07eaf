// Parts of an X.509 certificate as values. Private to tls/; pure.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "base/time.h"
#include "tls/openssl/handles.h"
#include "tls/peer_certificate.h"

namespace fl::tls::openssl {

// The first value of an attribute of a name; empty when there is none.
std::string attribute(const X509_NAME* name, int nid);

// In RFC 2253's form, put in order as Go's pkix.Name does, whose words Traefik logs: known attributes from the most to
// the least specific, all values of one together, then the others by their numbers.
std::string distinguished_name(const X509_NAME* name);

struct AlternativeNames {
  std::vector<std::string> dns, mails, addresses, uris;
};
AlternativeNames alternative_names(const X509* certificate);

// Decimal.
std::string serial_number(const X509* certificate);

// Seconds since 1970; 0 for what is no time.
int64_t unix_time(const ASN1_TIME* time);
// What lies beyond what nanoseconds can count (the year 2262) is cut to it.
WallTime time_of(const ASN1_TIME* time);

PeerCertificate read_peer_certificate(const X509* certificate);

}  // namespace fl::tls::openssl
