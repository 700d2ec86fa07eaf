// Why a client's handshake came to nothing, in words that can be counted. Values.
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <string_view>

namespace fl::tls {

enum class HandshakeFailure : uint8_t {
  timeout,              // not done within its time
  canceled,             // we gave up
  closed,               // the client closed or reset the connection
  not_tls,              // it speaks something else
  version,              // no version in common
  parameters,           // no cipher suite, curve or signature algorithm in common
  alpn,                 // none of the protocols it asks for is spoken here
  unknown_server_name,  // sniStrict
  client_certificate,   // missing, or not good
  refused_by_client,    // it sent an alert, such as that it does not trust our certificate
  malformed,            // it breaks the protocol
};
inline constexpr size_t kHandshakeFailures = 11;

std::string_view to_text(HandshakeFailure failure);

struct HandshakeError {
  HandshakeFailure failure;
  std::string detail;  // for a log of debugging
};

}  // namespace fl::tls
