// What a session reads from and writes to: a socket that never raises SIGPIPE, with bytes that were read from it before
// the session began. Private to tls/.
#pragma once

#include <openssl/bio.h>

#include <string>

namespace fl::tls::openssl {

struct Transport {
  int fd = -1;
  std::string replay;    // given to the reader before what the socket has
  size_t replayed = 0;   // of it
  bool drained = false;  // the last read took all that the socket had
};

// Does not own the transport, nor its descriptor.
BIO* new_bio(Transport& transport);

}  // namespace fl::tls::openssl
