#include "tls/openssl/transport.h"

#include <sys/socket.h>

#include <algorithm>
#include <cerrno>
#include <cstring>

#include "base/check.h"

namespace fl::tls::openssl {
namespace {

Transport& transport_of(BIO* bio) { return *static_cast<Transport*>(BIO_get_data(bio)); }

int finish(BIO* bio, ssize_t n, int retry_flags, size_t* moved) {
  BIO_clear_retry_flags(bio);
  *moved = n > 0 ? static_cast<size_t>(n) : 0;
  if (n < 0 && (errno == EAGAIN || errno == EINTR)) BIO_set_flags(bio, retry_flags | BIO_FLAGS_SHOULD_RETRY);
  return n > 0 ? 1 : 0;
}

// In large portions, however little is asked for: OpenSSL wants a record's header, then its rest.
ssize_t read_ahead(Transport& transport, char* out, size_t size) {
  char portion[16 << 10];
  const ssize_t n = ::recv(transport.fd, portion, sizeof portion, 0);
  if (n <= 0) return n;
  const size_t taken = std::min(size, static_cast<size_t>(n));
  std::memcpy(out, portion, taken);
  transport.replay.assign(portion + taken, static_cast<size_t>(n) - taken);
  return static_cast<ssize_t>(taken);
}

int read(BIO* bio, char* out, size_t size, size_t* moved) {
  Transport& transport = transport_of(bio);
  if (!transport.replay.empty()) {
    const size_t n = transport.replay.copy(out, size, transport.replayed);
    transport.replayed += n;
    if (transport.replayed == transport.replay.size()) {
      std::string().swap(transport.replay);  // its memory, too
      transport.replayed = 0;
    }
    return finish(bio, static_cast<ssize_t>(n), BIO_FLAGS_READ, moved);
  }
  const ssize_t n =
      transport.take_over != nullptr ? read_ahead(transport, out, size) : ::recv(transport.fd, out, size, 0);
  transport.drained = n < static_cast<ssize_t>(size);
  if (n == 0) BIO_set_flags(bio, BIO_FLAGS_IN_EOF);
  return finish(bio, n, BIO_FLAGS_READ, moved);
}

int write(BIO* bio, const char* data, size_t size, size_t* moved) {
  // Both secrets are known: the client has said its last word, and what follows are tickets. (The state's number, which
  // says so too, is another one in each version of OpenSSL.)
  if (TakeOver* const taker = transport_of(bio).take_over; taker != nullptr && taker->aead()) {
    taker->tickets.append(data, size);
    return finish(bio, static_cast<ssize_t>(size), BIO_FLAGS_WRITE, moved);
  }
  return finish(bio, ::send(transport_of(bio).fd, data, size, MSG_NOSIGNAL), BIO_FLAGS_WRITE, moved);
}

long control(BIO* bio, int command, long, void*) {
  if (command == BIO_CTRL_EOF) return BIO_test_flags(bio, BIO_FLAGS_IN_EOF) != 0 ? 1 : 0;
  return command == BIO_CTRL_FLUSH ? 1 : 0;
}

BIO_METHOD* make_method() {
  BIO_METHOD* method = BIO_meth_new(BIO_get_new_index() | BIO_TYPE_SOURCE_SINK | BIO_TYPE_DESCRIPTOR, "transport");
  FL_CHECK(method != nullptr);
  BIO_meth_set_read_ex(method, read);
  BIO_meth_set_write_ex(method, write);
  BIO_meth_set_ctrl(method, control);
  return method;
}

}  // namespace

std::optional<Aead> TakeOver::aead() const {
  if (SSL_version(session) != TLS1_3_VERSION || !secrets.complete()) return std::nullopt;
  return aead_of(SSL_get_current_cipher(session));
}

BIO* new_bio(Transport& transport) {
  static BIO_METHOD* const method = make_method();  // for the life of the process
  BIO* bio = BIO_new(method);
  FL_CHECK(bio != nullptr);
  BIO_set_data(bio, &transport);
  BIO_set_init(bio, 1);
  return bio;
}

}  // namespace fl::tls::openssl
