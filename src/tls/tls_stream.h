// TLS over a connected socket as a net::Stream: what is read and written is the plain text. One loop.
//
// OpenSSL may want to write while we read and the other way round; whichever readiness it lacks is the one cleared, so
// that the stream retries on the event that helps. The end of the stream without close_notify is an error
// (-ECONNRESET): the text may have been cut.
#pragma once

#include <memory>
#include <string>
#include <string_view>
#include <tl/expected.hpp>

#include "base/result.h"
#include "net/stream.h"
#include "tls/client_context.h"
#include "tls/client_session.h"
#include "tls/handshake_error.h"
#include "tls/negotiated.h"
#include "tls/server_context.h"

struct ssl_st;

namespace fl::tls {

namespace openssl {
struct TakeOver;
struct Transport;
}  // namespace openssl

class KernelSealing;
class RecordLayer;

class TlsStream final : public net::Stream {
 public:
  // Shakes hands as the client of `host`, which is sent as server name and must be in the certificate, as far as the
  // context does not say otherwise; an IP address works too. Errors: denied (the certificate is not good, with the
  // reason), timeout, canceled, unavailable.
  static net::Task<Result<std::unique_ptr<TlsStream>>> connect(std::unique_ptr<net::TcpStream> socket,
                                                               std::shared_ptr<const ClientContext> context,
                                                               std::string host, TimePoint deadline);
  // The same in two steps, so that the stream can be cancelled meanwhile: the second one once, on what the first made.
  // `session` may be null; else it is resumed, and renewed as long as the stream lives. `only_protocol`: offered by
  // ALPN instead of the context's protocols.
  static std::unique_ptr<TlsStream> start_connect(std::unique_ptr<net::TcpStream> socket,
                                                  std::shared_ptr<const ClientContext> context, std::string host,
                                                  std::shared_ptr<ClientSession> session,
                                                  std::string_view only_protocol = {});
  net::Task<Result<>> connected(TimePoint deadline);

  // Shakes hands as a server. `already_read` is what was taken from the socket before, from the hello's first byte on;
  // it is copied before this returns.
  using Accepted = tl::expected<std::unique_ptr<TlsStream>, HandshakeError>;
  static net::Task<Accepted> accept(std::unique_ptr<net::TcpStream> socket,
                                    std::shared_ptr<const ServerContext> context, std::string_view already_read,
                                    TimePoint deadline);
  ~TlsStream() override;

  // What the handshake agreed on; lives as long as the stream.
  const Negotiated& negotiated() const { return negotiated_; }

  ssize_t try_read(char* out, size_t size) override;
  ssize_t try_write(const iovec* parts, int count) override;
  // close_notify, then the end of our TCP direction.
  bool try_shutdown_write() override;
  bool is_idle() override;
  bool is_worn() const override;

  // With ServerOptions::kernel_tls the kernel seals what is written, from the first large body on (decisions/0006).
  bool takes_splice(uint64_t bytes) override;
  void count_spliced(size_t bytes) override;

 private:
  // `session` is configured and not yet connected. Takes both over.
  TlsStream(net::Loop& loop, int fd, ssl_st* session);

  static net::Task<Accepted> finish_accept(std::unique_ptr<TlsStream> stream,
                                           std::shared_ptr<const ServerContext> context, TimePoint deadline);
  // -> 0 | -errno of the wait; -EPROTO when OpenSSL gave up, with its reasons still queued.
  net::Task<int> handshake(TimePoint deadline);
  void take_negotiated(bool verifies);
  // Goes on without OpenSSL if it can, and then frees it.
  void take_over(openssl::TakeOver& taker);
  // -> false: it has still to leave.
  bool send_close_notify();
  // Clears the readiness OpenSSL waits for; -EAGAIN, or another -errno when the connection is done for. 0: its end.
  ssize_t blocked(int result);

  // Without OpenSSL:
  ssize_t read_records(char* out, size_t size);
  ssize_t write_records(const iovec* parts, int count);
  // Appends to the records what the socket has, or tells why it cannot; what is to go out goes before that.
  ssize_t receive_records(bool& drained);
  // Sends what is to go out, then `more`; keeps what the socket does not take. -> 0 | -EAGAIN: some is kept | -errno
  int send_records(std::string_view more);

  ssl_st* session_;  // null once the records are ours
  std::unique_ptr<openssl::Transport> transport_;
  std::unique_ptr<RecordLayer> records_;
  std::unique_ptr<KernelSealing> kernel_;  // not null: seals what we write
  bool may_use_kernel_ = false;
  size_t owed_ = 0;        // bytes of the text that are in records that are kept, and have not been told as written
  bool said_end_ = false;  // close_notify is in the records
  bool failed_ = false;    // no further call but free is allowed
  Negotiated negotiated_;
  // Of a client:
  std::string host_;                              // for messages
  std::shared_ptr<const ClientContext> context_;  // until the hands are shaken
  std::shared_ptr<ClientSession> kept_session_;
};

}  // namespace fl::tls
