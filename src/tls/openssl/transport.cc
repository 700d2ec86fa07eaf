#include "tls/openssl/transport.h"

#include <sys/socket.h>

#include <algorithm>
#include <cerrno>

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

int read(BIO* bio, char* out, size_t size, size_t* moved) {
  Transport& transport = transport_of(bio);
  if (!transport.replay.empty()) {
    const size_t n = transport.replay.copy(out, size, transport.replayed);
    transport.replayed += n;
    if (transport.replayed == transport.replay.size()) std::string().swap(transport.replay);  // its memory, too
    return finish(bio, static_cast<ssize_t>(n), BIO_FLAGS_READ, moved);
  }
  const ssize_t n = ::recv(transport.fd, out, size, 0);
  transport.drained = n < static_cast<ssize_t>(size);
  if (n == 0) BIO_set_flags(bio, BIO_FLAGS_IN_EOF);
  return finish(bio, n, BIO_FLAGS_READ, moved);
}

int write(BIO* bio, const char* data, size_t size, size_t* moved) {
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

BIO* new_bio(Transport& transport) {
  static BIO_METHOD* const method = make_method();  // for the life of the process
  BIO* bio = BIO_new(method);
  FL_CHECK(bio != nullptr);
  BIO_set_data(bio, &transport);
  BIO_set_init(bio, 1);
  return bio;
}

}  // namespace fl::tls::openssl
