#include "tls/openssl/handles.h"

#include <openssl/err.h>
#include <sys/socket.h>

#include <cerrno>

#include "base/check.h"

namespace fl::tls::openssl {
namespace {

int fd_of(BIO* bio) { return static_cast<int>(reinterpret_cast<intptr_t>(BIO_get_data(bio))); }

int finish(BIO* bio, ssize_t n, int retry_flags, size_t* moved) {
  BIO_clear_retry_flags(bio);
  *moved = n > 0 ? static_cast<size_t>(n) : 0;
  if (n < 0 && (errno == EAGAIN || errno == EINTR)) BIO_set_flags(bio, retry_flags | BIO_FLAGS_SHOULD_RETRY);
  return n > 0 ? 1 : 0;
}

int socket_read(BIO* bio, char* out, size_t size, size_t* moved) {
  const ssize_t n = ::recv(fd_of(bio), out, size, 0);
  if (n == 0) BIO_set_flags(bio, BIO_FLAGS_IN_EOF);
  return finish(bio, n, BIO_FLAGS_READ, moved);
}

int socket_write(BIO* bio, const char* data, size_t size, size_t* moved) {
  return finish(bio, ::send(fd_of(bio), data, size, MSG_NOSIGNAL), BIO_FLAGS_WRITE, moved);
}

long socket_control(BIO* bio, int command, long, void*) {
  if (command == BIO_CTRL_EOF) return BIO_test_flags(bio, BIO_FLAGS_IN_EOF) != 0 ? 1 : 0;
  return command == BIO_CTRL_FLUSH ? 1 : 0;
}

BIO_METHOD* make_socket_method() {
  BIO_METHOD* method = BIO_meth_new(BIO_get_new_index() | BIO_TYPE_SOURCE_SINK | BIO_TYPE_DESCRIPTOR, "socket");
  FL_CHECK(method != nullptr);
  BIO_meth_set_read_ex(method, socket_read);
  BIO_meth_set_write_ex(method, socket_write);
  BIO_meth_set_ctrl(method, socket_control);
  return method;
}

}  // namespace

std::string take_error() {
  const unsigned long code = ERR_get_error();
  ERR_clear_error();
  if (code == 0) return "unknown error";
  const char* reason = ERR_reason_error_string(code);
  return reason != nullptr ? reason : "error " + std::to_string(code);
}

BIO* new_socket_bio(int fd) {
  static BIO_METHOD* const method = make_socket_method();  // for the life of the process
  BIO* bio = BIO_new(method);
  FL_CHECK(bio != nullptr);
  BIO_set_data(bio, reinterpret_cast<void*>(static_cast<intptr_t>(fd)));
  BIO_set_init(bio, 1);
  return bio;
}

}  // namespace fl::tls::openssl
