// The ClientHello of a connection that is not terminated yet: what routing needs to know of it. Pure and strict; the
// message may be spread over any number of records and reads. Whoever terminates gives the same bytes to OpenSSL.
// Source: RFC 8446 4.1.2 and 5.1, RFC 6066 3, RFC 7301 3.1.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace fl::tls {

// A hello is a few hundred bytes, with post-quantum key shares and many extensions a few thousand.
inline constexpr size_t kMaxClientHello = 16 << 10;       // the message
inline constexpr size_t kMaxClientHelloBytes = 20 << 10;  // with the headers of its records

struct ClientHello {
  enum class Status : uint8_t {
    incomplete,  // so far a hello; more bytes are needed
    not_tls,     // the first bytes are no TLS handshake record
    malformed,   // it began like TLS; no server would take it
    too_large,
    complete,
  };
  Status status = Status::incomplete;
  // Set when complete:
  std::string server_name;                   // lower case, without a trailing dot; empty when there is none
  std::vector<std::string> alpn;             // in the client's order
  std::vector<uint16_t> supported_versions;  // in the client's order; of older clients the one they name
  std::vector<uint16_t> signature_algorithms;

  bool offers(std::string_view protocol) const;
  bool operator==(const ClientHello&) const = default;
};

// `bytes` are all that has come from the client so far.
ClientHello parse_client_hello(std::string_view bytes);

}  // namespace fl::tls
