// What a session reads from and writes to: a socket that never raises SIGPIPE, with bytes that were read from it before
// the session began. Private to tls/.
#pragma once

#include <openssl/bio.h>
#include <openssl/ssl.h>

#include <optional>
#include <string>

#include "tls/openssl/record_cipher.h"

namespace fl::tls::openssl {

// Of a server that shakes hands and would rather do the rest without OpenSSL (record_layer.h).
struct TakeOver {
  const SSL* session;
  TrafficSecrets secrets{};
  std::string tickets{};  // what OpenSSL wanted to send after its last word of the handshake

  // What protects the records to come; nothing where only OpenSSL can go on: with older versions, or suites with CCM.
  std::optional<Aead> aead() const;
};

struct Transport {
  int fd = -1;
  std::string replay;    // given to the reader before what the socket has
  size_t replayed = 0;   // of it
  bool drained = false;  // the last read took all that the socket had
  // Not null: OpenSSL is given no more than it asks for, the rest waits in `replay`, and tickets are held back.
  TakeOver* take_over = nullptr;
};

// Does not own the transport, nor its descriptor.
BIO* new_bio(Transport& transport);

}  // namespace fl::tls::openssl
