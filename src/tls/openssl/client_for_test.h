// An OpenSSL client for tests, which can be as odd as the test wants it: on a socket of its own, advanced one step at a
// time by whoever turns the server's loop.
#pragma once

#include <openssl/err.h>
#include <openssl/ssl.h>
#include <unistd.h>

#include <functional>
#include <string>

#include "tls/openssl/handles.h"

namespace fl::tls::openssl {

class Client {
 public:
  // Takes the (non-blocking) descriptor over. `prepare` may change both before the handshake.
  Client(int fd, const std::string& server_name, const std::function<void(SSL_CTX*, SSL*)>& prepare = nullptr)
      : fd_(fd), context_(SSL_CTX_new(TLS_client_method())), session_(SSL_new(context_.get())) {
    if (!server_name.empty()) SSL_set_tlsext_host_name(session_.get(), server_name.c_str());
    if (prepare) prepare(context_.get(), session_.get());
    SSL_set_fd(session_.get(), fd_);
    SSL_set_connect_state(session_.get());
  }
  ~Client() {
    SSL_set_shutdown(session_.get(), SSL_SENT_SHUTDOWN | SSL_RECEIVED_SHUTDOWN);  // else its session is forgotten
    session_.reset();
    ::close(fd_);
  }

  // Goes on with the handshake, then with reading.
  void step() {
    if (failed || ended) return;
    ERR_clear_error();
    if (!connected) {
      if (const int n = SSL_do_handshake(session_.get()); n == 1)
        connected = true;
      else if (!waits(n))
        fail();
      if (!connected) return;
    }
    char buffer[4096];
    int n;
    while ((n = SSL_read(session_.get(), buffer, sizeof buffer)) > 0) received.append(buffer, static_cast<size_t>(n));
    if (SSL_get_error(session_.get(), n) == SSL_ERROR_ZERO_RETURN)
      ended = true;
    else if (!waits(n))
      fail();
  }
  void send(std::string_view text) { SSL_write(session_.get(), text.data(), static_cast<int>(text.size())); }
  SSL* session() { return session_.get(); }
  // Of the certificate the server showed; empty when it showed none.
  std::string common_name() {
    const Owned<X509> shown(SSL_get1_peer_certificate(session_.get()));
    char name[256] = {};
    if (shown != nullptr)
      X509_NAME_get_text_by_NID(X509_get_subject_name(shown.get()), NID_commonName, name, sizeof name);
    return name;
  }
  bool settled() const { return connected || failed; }

  bool connected = false;
  bool ended = false;
  bool failed = false;
  std::string error;
  std::string received;

 private:
  bool waits(int n) {
    const int want = SSL_get_error(session_.get(), n);
    return want == SSL_ERROR_WANT_READ || want == SSL_ERROR_WANT_WRITE;
  }
  void fail() {
    failed = true;
    error = take_error();
  }

  int fd_;
  Owned<SSL_CTX> context_;
  Owned<SSL> session_;
};

}  // namespace fl::tls::openssl
