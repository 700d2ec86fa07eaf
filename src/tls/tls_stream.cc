#include "tls/tls_stream.h"

#include <fmt/format.h>
#include <openssl/err.h>
#include <openssl/x509v3.h>
#include <sys/socket.h>

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <utility>

#include "base/check.h"
#include "base/strings.h"
#include "net/address.h"
#include "net/socket_calls.h"
#include "tls/kernel_sealing.h"
#include "tls/openssl/certificate_parts.h"
#include "tls/openssl/handles.h"
#include "tls/openssl/refusal.h"
#include "tls/openssl/session.h"
#include "tls/openssl/transport.h"
#include "tls/record_layer.h"

namespace fl::tls {
namespace {

// As SSL_get_error() asks for before each call. To look costs a fifth of clearing, which goes through all slots.
void empty_error_queue() {
  if (ERR_peek_error() != 0) ERR_clear_error();
}

// The server's certificate must name `host` (RFC 9525); server names are for DNS names only (RFC 6066 3).
void expect_host(SSL* session, const std::string& host, bool verify) {
  X509_VERIFY_PARAM* rules = SSL_get0_param(session);
  X509_VERIFY_PARAM_set_hostflags(rules, X509_CHECK_FLAG_NO_PARTIAL_WILDCARDS);
  if (net::IpAddress::parse(host)) {
    if (verify) FL_CHECK(X509_VERIFY_PARAM_set1_ip_asc(rules, host.c_str()) == 1);
    return;
  }
  if (verify) FL_CHECK(X509_VERIFY_PARAM_set1_host(rules, host.c_str(), host.size()) == 1);
  FL_CHECK(SSL_set_tlsext_host_name(session, host.c_str()) == 1);
}

int do_handshake(SSL* session, openssl::TakeOver* taker) {
  const openssl::SecretsWanted wanted(taker == nullptr ? nullptr : &taker->secrets);
  return SSL_do_handshake(session);
}

bool holds_one_of(const X509* certificate, const std::vector<PeerName>& wanted) {
  const openssl::Owned<GENERAL_NAMES> names(
      static_cast<GENERAL_NAMES*>(X509_get_ext_d2i(certificate, NID_subject_alt_name, nullptr, nullptr)));
  for (int i = 0; i < sk_GENERAL_NAME_num(names.get()); ++i) {
    const GENERAL_NAME* name = sk_GENERAL_NAME_value(names.get(), i);
    if (name->type != GEN_DNS && name->type != GEN_URI) continue;
    const std::string_view text(reinterpret_cast<const char*>(ASN1_STRING_get0_data(name->d.ia5)),
                                static_cast<size_t>(ASN1_STRING_length(name->d.ia5)));
    for (const PeerName& want : wanted)
      if (want.kind == PeerName::Kind::dns ? name->type == GEN_DNS && iequals(text, want.value)
                                           : name->type == GEN_URI && text == want.value)
        return true;
  }
  return false;
}

}  // namespace

TlsStream::TlsStream(net::Loop& loop, int fd, ssl_st* session)
    : Stream(loop, fd), session_(session), transport_(std::make_unique<openssl::Transport>()) {
  transport_->fd = fd;
  BIO* bio = openssl::new_bio(*transport_);
  SSL_set_bio(session_, bio, bio);
}

TlsStream::~TlsStream() {
  if (session_ == nullptr) return;
  // Else OpenSSL takes a connection that just ends for an attack on its session, which would not be resumed any more.
  if (!failed_) SSL_set_shutdown(session_, SSL_SENT_SHUTDOWN | SSL_RECEIVED_SHUTDOWN);
  SSL_free(session_);
}

net::Task<Result<std::unique_ptr<TlsStream>>> TlsStream::connect(std::unique_ptr<net::TcpStream> socket,
                                                                 std::shared_ptr<const ClientContext> context,
                                                                 std::string host, TimePoint deadline) {
  auto stream = start_connect(std::move(socket), std::move(context), std::move(host), nullptr);
  FL_CO_TRY_VOID(co_await stream->connected(deadline));
  co_return stream;
}

std::unique_ptr<TlsStream> TlsStream::start_connect(std::unique_ptr<net::TcpStream> socket,
                                                    std::shared_ptr<const ClientContext> context, std::string host,
                                                    std::shared_ptr<ClientSession> kept_session,
                                                    std::string_view only_protocol) {
  SSL* session = SSL_new(context->get());
  FL_CHECK(session != nullptr);
  const ClientOptions& options = context->options();
  expect_host(session, options.server_name.empty() ? host : options.server_name, options.verify);
  if (kept_session != nullptr) {
    SSL_set_app_data(session, kept_session.get());
    if (kept_session->get() != nullptr) SSL_set_session(session, kept_session->get());
  }
  if (!only_protocol.empty()) {
    const std::string wire = static_cast<char>(only_protocol.size()) + std::string(only_protocol);
    FL_CHECK(SSL_set_alpn_protos(session, reinterpret_cast<const unsigned char*>(wire.data()),
                                 static_cast<unsigned>(wire.size())) == 0);
  }
  SSL_set_connect_state(session);
  net::Loop& loop = socket->loop();
  std::unique_ptr<TlsStream> stream(new TlsStream(loop, socket->release(), session));
  stream->host_ = std::move(host);
  stream->context_ = std::move(context);
  stream->kept_session_ = std::move(kept_session);
  return stream;
}

net::Task<Result<>> TlsStream::connected(TimePoint deadline) {
  const auto context = std::exchange(context_, nullptr);
  const int error = co_await handshake(deadline);
  const auto failed = [this](Code code, std::string_view why) {
    failed_ = true;
    return fail(code, fmt::format("TLS with {}: {}", host_, why));
  };
  if (error == -ETIMEDOUT) co_return failed(Code::timeout, "no handshake within the deadline");
  if (error == -ECANCELED) co_return failed(Code::canceled, "handshake canceled");
  if (error != 0 && error != -EPROTO) co_return failed(Code::unavailable, std::strerror(-error));
  const bool verifies = (SSL_get_verify_mode(session_) & SSL_VERIFY_PEER) != 0;
  if (const long verdict = SSL_get_verify_result(session_); error != 0 && verifies && verdict != X509_V_OK)
    co_return failed(Code::denied,
                     fmt::format("the certificate is refused: {}", X509_verify_cert_error_string(verdict)));
  if (error != 0)
    co_return failed(
        Code::unavailable,
        fmt::format("handshake failed: {}", ERR_peek_error() != 0 ? openssl::take_error() : "connection closed"));
  const std::vector<PeerName>& names = context->options().peer_names;
  if (const X509* peer = SSL_get0_peer_certificate(session_);
      !names.empty() && (peer == nullptr || !holds_one_of(peer, names)))
    co_return failed(Code::denied, "the certificate is refused: it holds none of the names that are accepted");
  take_negotiated(verifies);
  co_return Result<>();
}

net::Task<TlsStream::Accepted> TlsStream::accept(std::unique_ptr<net::TcpStream> socket,
                                                 std::shared_ptr<const ServerContext> context,
                                                 std::string_view already_read, TimePoint deadline) {
  SSL* session = SSL_new(context->get());
  FL_CHECK(session != nullptr);
  SSL_set_accept_state(session);
  net::Loop& loop = socket->loop();
  const bool may_read = socket->may_read();
  std::unique_ptr<TlsStream> stream(new TlsStream(loop, socket->release(), session));
  stream->transport_->replay = already_read;
  SSL_set_read_ahead(session, 0);
  stream->rd_ = may_read || !already_read.empty();
  return finish_accept(std::move(stream), std::move(context), deadline);
}

net::Task<TlsStream::Accepted> TlsStream::finish_accept(std::unique_ptr<TlsStream> stream,
                                                        std::shared_ptr<const ServerContext> context,
                                                        TimePoint deadline) {
  openssl::Accepting accepting{.certificates = &context->certificates(), .fd = stream->fd_};
  openssl::set_accepting(stream->session_, &accepting);
  openssl::TakeOver taker{.session = stream->session_};
  stream->transport_->take_over = &taker;
  const int error = co_await stream->handshake(deadline);
  stream->transport_->take_over = nullptr;
  openssl::set_accepting(stream->session_, nullptr);
  if (error != 0) {
    HandshakeError failure = error == -EPROTO ? openssl::why_refused(stream->session_)
                                              : HandshakeError{error == -ETIMEDOUT   ? HandshakeFailure::timeout
                                                               : error == -ECANCELED ? HandshakeFailure::canceled
                                                                                     : HandshakeFailure::closed,
                                                               std::strerror(-error)};
    co_return tl::make_unexpected(std::move(failure));
  }
  stream->take_negotiated(context->options().client_auth >= ClientAuth::verify_if_given);
  stream->take_over(taker);
  stream->may_use_kernel_ = stream->records_ != nullptr && context->options().kernel_tls;
  co_return stream;
}

void TlsStream::take_over(openssl::TakeOver& taker) {
  const std::optional<Aead> aead = taker.aead();
  if (!aead) {
    SSL_set_read_ahead(session_, 1);
    return;
  }
  records_ = std::make_unique<RecordLayer>(*aead, taker.secrets, std::move(taker.tickets));
  records_->append(std::string_view(transport_->replay).substr(transport_->replayed));
  SSL_free(std::exchange(session_, nullptr));
  transport_.reset();
}

net::Task<int> TlsStream::handshake(TimePoint deadline) {
  set_read_deadline(deadline);
  set_write_deadline(deadline);
  while (true) {
    empty_error_queue();
    const int result = do_handshake(session_, transport_->take_over);
    if (result == 1) break;
    const int want = SSL_get_error(session_, result);
    int error = -EPROTO;
    if (want == SSL_ERROR_WANT_READ) {
      rd_ = false;
      error = co_await readable();
    } else if (want == SSL_ERROR_WANT_WRITE) {
      wr_ = false;
      error = co_await writable();
    } else {
      failed_ = true;
    }
    if (error != 0) co_return error;
  }
  rd_ = true;  // what came with the last message may be in OpenSSL's buffer
  set_read_deadline(kNever);
  set_write_deadline(kNever);
  co_return 0;
}

void TlsStream::take_negotiated(bool verifies) {
  switch (SSL_version(session_)) {
    case TLS1_VERSION: negotiated_.version = "1.0"; break;
    case TLS1_1_VERSION: negotiated_.version = "1.1"; break;
    case TLS1_2_VERSION: negotiated_.version = "1.2"; break;
    default: negotiated_.version = "1.3"; break;
  }
  if (const char* name = SSL_CIPHER_standard_name(SSL_get_current_cipher(session_)); name != nullptr)
    negotiated_.cipher = name;
  const unsigned char* protocol = nullptr;
  unsigned int size = 0;
  SSL_get0_alpn_selected(session_, &protocol, &size);
  negotiated_.alpn.assign(reinterpret_cast<const char*>(protocol), size);
  negotiated_.server_name = openssl::server_name(session_);
  negotiated_.resumed = SSL_session_reused(session_) == 1;
  if (const X509* peer = SSL_get0_peer_certificate(session_); peer != nullptr) {
    negotiated_.peer_verified = verifies && SSL_get_verify_result(session_) == X509_V_OK;
    negotiated_.peer_subject = openssl::distinguished_name(X509_get_subject_name(peer));
    if (SSL_is_server(session_) == 0) return;
    negotiated_.peer_certificates.push_back(openssl::read_peer_certificate(peer));
    STACK_OF(X509)* chain = SSL_get_peer_cert_chain(session_);  // a server's view of it is without its first
    for (int i = 0; i < sk_X509_num(chain); ++i)
      negotiated_.peer_certificates.push_back(openssl::read_peer_certificate(sk_X509_value(chain, i)));
  }
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
  if (records_ != nullptr) return read_records(out, size);
  empty_error_queue();
  transport_->drained = false;
  const int n = SSL_read(session_, out, static_cast<int>(std::min<size_t>(size, INT_MAX)));
  if (n <= 0) return blocked(n);
  // The socket had no more, and neither has OpenSSL: without an event there is nothing to be had.
  if (transport_->drained && !hup_ && SSL_has_pending(session_) == 0) rd_ = false;
  return n;
}

ssize_t TlsStream::try_write(const iovec* parts, int count) {
  if (failed_) return -ECONNRESET;
  if (kernel_ != nullptr) {
    const ssize_t n = send_as_it_is(parts, count);
    if (n > 0) kernel_->count(static_cast<size_t>(n));
    return n;
  }
  if (records_ != nullptr) return write_records(parts, count);
  // Small pieces share a record. A retry gathers the same bytes again, as OpenSSL asks.
  char gathered[openssl::kMaxContent];
  const char* data = static_cast<const char*>(parts[0].iov_base);
  size_t size = parts[0].iov_len;
  if (count > 1 && size < openssl::kMaxContent) {
    size = 0;
    for (int i = 0; i < count && size < openssl::kMaxContent; ++i) {
      const size_t n = std::min(parts[i].iov_len, openssl::kMaxContent - size);
      std::memcpy(gathered + size, parts[i].iov_base, n);
      size += n;
    }
    data = gathered;
  }
  empty_error_queue();
  const int n = SSL_write(session_, data, static_cast<int>(std::min<size_t>(size, INT_MAX)));
  if (n > 0) return n;
  const ssize_t error = blocked(n);
  return error == 0 ? -EPIPE : error;
}

// Peeking also takes in what is not for the reader, such as session tickets, which would else look like unread bytes.
bool TlsStream::is_idle() {
  if (hup_ || failed_) return false;
  if (records_ != nullptr) {
    if (!rd_ && !records_->has_unread()) return true;
    return read_records(nullptr, 0) == -EAGAIN;
  }
  if (!rd_ && SSL_has_pending(session_) == 0) return true;
  char byte;
  empty_error_queue();
  const int n = SSL_peek(session_, &byte, 1);
  return n <= 0 && blocked(n) == -EAGAIN;
}

bool TlsStream::try_shutdown_write() {
  if (!failed_ && !send_close_notify()) return false;
  ::shutdown(fd_, SHUT_WR);
  return true;
}

bool TlsStream::send_close_notify() {
  if (records_ != nullptr) {
    if (!std::exchange(said_end_, true)) records_->append_close_notify();
    if (const int error = send_records({}); error != 0) return error != -EAGAIN;
    return kernel_ == nullptr || kernel_->is_flushed();
  }
  empty_error_queue();
  const int result = SSL_shutdown(session_);
  return result >= 0 || blocked(result) != -EAGAIN || wr_;
}

// ---- without OpenSSL

ssize_t TlsStream::read_records(char* out, size_t size) {
  bool drained = false;  // the socket had no more than was taken
  while (true) {
    const size_t n = records_->read(out, size);
    if (n > 0) {
      if (drained && !hup_ && !records_->has_unread()) rd_ = false;
      return static_cast<ssize_t>(n);
    }
    if (records_->state() == RecordLayer::State::ended) return 0;
    if (records_->state() == RecordLayer::State::failed) {
      send_records({});
      failed_ = true;
      return -ECONNRESET;
    }
    if (size == 0 && records_->has_unread()) return 1;  // for is_idle()
    if (const ssize_t got = receive_records(drained); got <= 0) return got;
  }
}

ssize_t TlsStream::receive_records(bool& drained) {
  if (!drained || hup_) {
    const auto room = records_->room();
    const ssize_t n = net::receive(fd_, room.data(), room.size());
    if (n > 0) {
      records_->commit(static_cast<size_t>(n));
      drained = n < static_cast<ssize_t>(room.size());
      return n;
    }
    if (n == 0 || errno != EAGAIN) {
      failed_ = true;
      return -ECONNRESET;
    }
  }
  rd_ = false;
  records_->rest();
  send_records({});  // the peer may wait for us as we for it: a ticket that no answer takes along
  return -EAGAIN;
}

ssize_t TlsStream::write_records(const iovec* parts, int count) {
  if (owed_ > 0) {
    if (const int error = send_records({}); error != 0) return error;
    return static_cast<ssize_t>(std::exchange(owed_, 0));
  }
  net::Block block;
  static_assert(net::Block::size() >= RecordLayer::kMostSealed);
  auto* begin = reinterpret_cast<uint8_t*>(block.data());
  uint8_t* end = begin;
  const size_t taken = records_->seal(parts, count, begin, &end);
  const int error = send_records({block.data(), static_cast<size_t>(end - begin)});
  if (error == -EAGAIN) owed_ = taken;
  return error == 0 ? static_cast<ssize_t>(taken) : error;
}

int TlsStream::send_records(std::string_view more) {
  std::string& before = records_->outgoing();
  if (kernel_ != nullptr) {
    const int error = before.empty() ? 0 : kernel_->send_alert(before);
    if (error == 0) before.clear();
    if (error == -EAGAIN) wr_ = false;
    return error;
  }
  if (before.empty() && more.empty()) return 0;
  iovec parts[2] = {{before.data(), before.size()}, {const_cast<char*>(more.data()), more.size()}};
  msghdr message{};
  message.msg_iov = parts;
  message.msg_iovlen = 2;
  const ssize_t n = before.empty() ? net::send(fd_, more.data(), more.size()) : ::sendmsg(fd_, &message, MSG_NOSIGNAL);
  if (n < 0 && errno != EAGAIN) return -errno;
  const size_t sent = n > 0 ? static_cast<size_t>(n) : 0;
  if (sent == before.size() + more.size()) {
    std::string().swap(before);  // its memory, too
    return 0;
  }
  const size_t of_before = std::min(sent, before.size());
  before.erase(0, of_before).append(more.substr(sent - of_before));
  wr_ = false;
  return -EAGAIN;
}

// ---- with the kernel

bool TlsStream::takes_splice(uint64_t bytes) {
  if (failed_) return false;
  if (kernel_ != nullptr) return true;
  if (!may_use_kernel_ || bytes > KernelSealing::kMostText || owed_ > 0 || !records_->outgoing().empty()) return false;
  may_use_kernel_ = false;  // whatever comes of it
  kernel_ = KernelSealing::start(fd_, records_->sealing_keys());
  if (kernel_ == nullptr) return false;
  records_->stop_sealing();
  return true;
}

void TlsStream::count_spliced(size_t bytes) { kernel_->count(bytes); }

bool TlsStream::is_worn() const { return kernel_ != nullptr && kernel_->text() > KernelSealing::kMostText; }

}  // namespace fl::tls
