// Owners of OpenSSL's objects. Private to tls/: no other module sees libssl.
#pragma once

#include <openssl/ssl.h>

#include <memory>
#include <string>

namespace fl::tls::openssl {

struct Free {
  void operator()(SSL* p) const { SSL_free(p); }
  void operator()(SSL_CTX* p) const { SSL_CTX_free(p); }
  void operator()(BIO* p) const { BIO_free_all(p); }
};
template <class T>
using Owned = std::unique_ptr<T, Free>;

// Text of the oldest queued error, which empties the queue; "unknown error" when there is none.
std::string take_error();

// A BIO that reads and writes the socket without ever raising SIGPIPE. Does not own the descriptor.
BIO* new_socket_bio(int fd);

}  // namespace fl::tls::openssl
