#include "tls/tls_stream.h"

#include <fmt/format.h>
#include <openssl/err.h>
#include <openssl/x509v3.h>
#include <sys/socket.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstring>

#include "base/check.h"
#include "net/address.h"
#include "tls/openssl/handles.h"

namespace fl::tls {
namespace {

constexpr size_t kMaxRecord = 16 << 10;

// The server's certificate must name `host` (RFC 9525); server names are for DNS names only (RFC 6066 3).
void expect_host(SSL* session, const std::string& host) {
  X509_VERIFY_PARAM* rules = SSL_get0_param(session);
  X509_VERIFY_PARAM_set_hostflags(rules, X509_CHECK_FLAG_NO_PARTIAL_WILDCARDS);
  if (net::IpAddress::parse(host)) {
    FL_CHECK(X509_VERIFY_PARAM_set1_ip_asc(rules, host.c_str()) == 1);
    return;
  }
  FL_CHECK(X509_VERIFY_PARAM_set1_host(rules, host.c_str(), host.size()) == 1);
  FL_CHECK(SSL_set_tlsext_host_name(session, host.c_str()) == 1);
}

}  // namespace

TlsStream::TlsStream(net::Loop& loop, int fd, ssl_st* session) : Stream(loop, fd), session_(session) {
  BIO* bio = openssl::new_socket_bio(fd);
  SSL_set_bio(session_, bio, bio);
}

TlsStream::~TlsStream() {
  SSL_free(session_);
  ::close(fd_);
}

net::Task<Result<std::unique_ptr<TlsStream>>> TlsStream::connect(std::unique_ptr<net::TcpStream> socket,
                                                                 std::shared_ptr<const ClientContext> context,
                                                                 std::string host, TimePoint deadline) {
  SSL* session = SSL_new(context->get());
  FL_CHECK(session != nullptr);
  expect_host(session, host);
  SSL_set_connect_state(session);
  net::Loop& loop = socket->loop();
  std::unique_ptr<TlsStream> stream(new TlsStream(loop, socket->release(), session));
  if (auto done = co_await stream->handshake(deadline); !done)
    co_return tl::make_unexpected(std::move(done).error().context(fmt::format("TLS with {}", host)));
  co_return stream;
}

net::Task<Result<>> TlsStream::handshake(TimePoint deadline) {
  set_read_deadline(deadline);
  set_write_deadline(deadline);
  while (true) {
    ERR_clear_error();
    const int result = SSL_do_handshake(session_);
    if (result == 1) break;
    const int want = SSL_get_error(session_, result);
    int error = 0;
    if (want == SSL_ERROR_WANT_READ) {
      rd_ = false;
      error = co_await readable();
    } else if (want == SSL_ERROR_WANT_WRITE) {
      wr_ = false;
      error = co_await writable();
    } else {
      failed_ = true;
      const long verdict = SSL_get_verify_result(session_);
      if (verdict != X509_V_OK)
        co_return fail(Code::denied,
                       fmt::format("the certificate is refused: {}", X509_verify_cert_error_string(verdict)));
      co_return fail(
          Code::unavailable,
          fmt::format("handshake failed: {}", ERR_peek_error() != 0 ? openssl::take_error() : "connection closed"));
    }
    if (error == -ETIMEDOUT) co_return fail(Code::timeout, "no handshake within the deadline");
    if (error == -ECANCELED) co_return fail(Code::canceled, "handshake canceled");
    if (error != 0) co_return fail(Code::unavailable, std::strerror(-error));
  }
  set_read_deadline(kNever);
  set_write_deadline(kNever);
  co_return Result<>();
}

ssize_t TlsStream::blocked(int result) {
  switch (SSL_get_error(session_, result)) {
    case SSL_ERROR_WANT_READ: rd_ = false; return -EAGAIN;
    case SSL_ERROR_WANT_WRITE: wr_ = false; return -EAGAIN;
    case SSL_ERROR_ZERO_RETURN: return 0;
    default: failed_ = true; return -ECONNRESET;
  }
}

ssize_t TlsStream::try_read(char* out, size_t size) {
  if (failed_) return -ECONNRESET;
  ERR_clear_error();
  const int n = SSL_read(session_, out, static_cast<int>(std::min<size_t>(size, INT_MAX)));
  return n > 0 ? n : blocked(n);
}

ssize_t TlsStream::try_write(const iovec* parts, int count) {
  if (failed_) return -ECONNRESET;
  // Small pieces share a record. A retry gathers the same bytes again, as OpenSSL asks.
  char gathered[kMaxRecord];
  const char* data = static_cast<const char*>(parts[0].iov_base);
  size_t size = parts[0].iov_len;
  if (count > 1 && size < kMaxRecord) {
    size = 0;
    for (int i = 0; i < count && size < kMaxRecord; ++i) {
      const size_t n = std::min(parts[i].iov_len, kMaxRecord - size);
      std::memcpy(gathered + size, parts[i].iov_base, n);
      size += n;
    }
    data = gathered;
  }
  ERR_clear_error();
  const int n = SSL_write(session_, data, static_cast<int>(std::min<size_t>(size, INT_MAX)));
  if (n > 0) return n;
  const ssize_t error = blocked(n);
  return error == 0 ? -EPIPE : error;
}

// Peeking also takes in what is not for the reader, such as session tickets, which would else look like unread bytes.
bool TlsStream::is_idle() {
  if (hup_ || failed_) return false;
  if (!rd_ && SSL_pending(session_) == 0) return true;
  char byte;
  ERR_clear_error();
  const int n = SSL_peek(session_, &byte, 1);
  return n <= 0 && blocked(n) == -EAGAIN;
}

void TlsStream::shutdown_write() {
  if (!failed_) SSL_shutdown(session_);
  ::shutdown(fd_, SHUT_WR);
}

}  // namespace fl::tls
