// What the callbacks of a context find out about the connection they are called for. Private to tls/.
#pragma once

#include <openssl/ssl.h>

#include <string>

namespace fl::tls {
class CertificateStore;
}

namespace fl::tls::openssl {

// Of a connection whose handshake as a server is under way; set and cleared by the stream that shakes hands.
struct Accepting {
  const CertificateStore* certificates;
  int fd;
};
inline void set_accepting(SSL* session, Accepting* accepting) { SSL_set_app_data(session, accepting); }
inline const Accepting* accepting(SSL* session) { return static_cast<const Accepting*>(SSL_get_app_data(session)); }

// Of the client's hello: lower case, without a trailing dot; empty when there was none.
std::string server_name(const SSL* session);

}  // namespace fl::tls::openssl
