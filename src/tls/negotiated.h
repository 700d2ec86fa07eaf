// What a TLS handshake agreed on, free of OpenSSL's types: for the access log, metrics, routing and middlewares.
// Immutable after the handshake; lives in the TlsStream.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "tls/peer_certificate.h"

namespace fl::tls {

struct Negotiated {
  std::string_view version;    // as Traefik's access log has it: "1.3"
  std::string_view cipher;     // IANA's name: "TLS_AES_128_GCM_SHA256"
  std::string alpn;            // "h2"; empty when none was agreed
  std::string server_name;     // of the client's hello, lower case, without a trailing dot; empty when there was none
  bool resumed = false;        // of an earlier session: no certificate was shown
  bool peer_verified = false;  // the peer's certificate chains to an authority we were told to trust
  std::string peer_subject;    // distinguished name of its certificate, as RFC 2253 writes it
  std::vector<PeerCertificate> peer_certificates;  // a client's, its own first; resumed: only that one
};

}  // namespace fl::tls
