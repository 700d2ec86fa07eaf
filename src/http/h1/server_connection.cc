#include "http/h1/server_connection.h"

#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sys/socket.h>

#include <algorithm>
#include <cerrno>
#include <string>
#include <utility>

#include "http/h1/head_bytes.h"
#include "http/h1/message_writer.h"
#include "http/h1/writer.h"
#include "http/linger.h"
#include "net/relay.h"

namespace fl::http::h1 {
namespace {

constexpr uint64_t kMaxDiscard = 256 << 10;  // of an unread request body; more is not worth keeping the connection
constexpr size_t kMinHeadRate = 240;         // bytes a second, once head_timeout is over
constexpr size_t kRequestCost = 4 << 10;     // of the loop's budget: many small requests may lie in one buffer
constexpr uint64_t kMayStall = 64 << 10;     // less of an answer fits into the socket's buffer
constexpr std::string_view kContinue = "HTTP/1.1 100 Continue\r\n\r\n";

TimePoint deadline(TimePoint now, Duration timeout) { return timeout > 0s ? now + timeout : net::Stream::kNever; }

// The kernel ends the connection when its peer has made no room for so long; 0: it waits for ever.
void limit_stall(const net::Stream& stream, Duration limit) {
  const auto most = static_cast<unsigned>(std::chrono::ceil<std::chrono::milliseconds>(limit).count());
  ::setsockopt(stream.fd(), IPPROTO_TCP, TCP_USER_TIMEOUT, &most, sizeof most);
}

}  // namespace

// ---- exchange

void ServerExchange::begin(ServerConnection& connection) {
  server_connection_ = &connection;
  connection_ = &connection.info();
  body.emplace(*this, connection.stream(), connection.in());
  continue_pending = response_started = aborted = false;
}

void ServerExchange::end() {
  watch_client(nullptr);
  recycle();
  body.reset();
  server_connection_ = nullptr;
  connection_ = nullptr;
}

net::Task<int> ServerExchange::send_interim(const ResponseHead& head) {
  if (request.version == Version::http10 || response_started) co_return 0;
  if (head.status == 100) {
    if (!continue_pending) co_return 0;
    continue_pending = false;
  }
  HeadBytes bytes;
  char* out = bytes.reserve(response_head_bound(head));
  bytes.set_size(write_response_head(out, head, {.body_allowed = false}));
  co_return co_await server_connection_->stream().write(bytes.view());
}

void ServerExchange::watch_client(ClientGoneListener* listener) {
  gone_listener_ = listener;
  net::Stream& stream = server_connection_->stream();
  stream.set_hangup_listener(listener != nullptr ? this : nullptr);
  if (listener == nullptr) return;
  if (stream.hung_up() || aborted)
    abort();
  else
    stream.watch();
}

void ServerExchange::on_hangup(net::Stream&) noexcept { abort(); }

void ServerExchange::abort() noexcept {
  aborted = true;
  if (gone_listener_ != nullptr) std::exchange(gone_listener_, nullptr)->on_client_gone();
}

bool ServerExchange::RequestBody::wants_before_wait() const {
  return exchange_.continue_pending && !exchange_.response_started;
}

net::Task<int> ServerExchange::RequestBody::before_wait() {
  exchange_.continue_pending = false;
  const iovec all{const_cast<char*>(kContinue.data()), kContinue.size()};
  const ssize_t n = exchange_.server_connection_->stream().try_write(&all, 1);
  if (n == static_cast<ssize_t>(kContinue.size())) co_return 0;
  exchange_.drop_connection = true;  // a client with no room for a line does not wait for it
  co_return n < 0 ? static_cast<int>(n) : -EPIPE;
}

// ---- connection

ServerConnection::ServerConnection(Server& server, std::unique_ptr<net::Stream> stream, const ConnectionInfo& info,
                                   net::InBuffer in)
    : server_(server),
      stream_(std::move(stream)),
      in_(std::move(in)),
      parser_(server.options().head),
      info_(info),
      accepted_(stream_->loop().now()) {}

void ServerConnection::drain() {
  if (idle_) stream_->set_read_deadline(std::min(stream_->read_deadline(), stream_->loop().now() + kDrainIdle));
}

void ServerConnection::close() {
  closed_ = true;
  stream_->cancel();
  if (exchange_ != nullptr) exchange_->abort();
}

TimePoint ServerConnection::idle_deadline() const {
  const ServerOptions& options = server_.options();
  const Duration idle = options.idle_timeout > 0s ? options.idle_timeout : options.read_timeout;
  return deadline(stream_->loop().now(), server_.draining() ? kDrainIdle : idle);
}

bool ServerConnection::last_request() const {
  const ServerOptions& options = server_.options();
  return server_.draining() || stream_->is_worn() || (options.max_requests > 0 && requests_ >= options.max_requests) ||
         (options.max_age > 0s && stream_->loop().now() - accepted_ >= options.max_age);
}

net::Detached ServerConnection::serve() {
  net::Loop& loop = stream_->loop();
  for (;;) {
    if (in_.empty()) {
      in_.release_if_empty();
      idle_ = true;
      if (co_await stream_->fill(in_) <= 0) break;
      idle_ = false;
    }
    if (!co_await serve_one() || closed_) break;
    stream_->set_read_deadline(idle_deadline());
    loop.spend(kRequestCost);
    if (loop.budget() <= 0) co_await net::yield();
  }
  if (linger_ && !closed_) {
    co_await linger(*stream_);
  } else if (!cut_short_ && !closed_ && stream_->plain() == nullptr) {
    co_await stream_->shutdown_write();  // TLS tells a whole answer from one that was cut (RFC 8446 6.1)
  }
  server_.remove(*this);
  delete this;
}

net::Task<bool> ServerConnection::serve_one() {
  ServerExchange* exchange = server_.h1_exchanges().lease();
  exchange_ = exchange;
  exchange->begin(*this);
  ++requests_;
  bool keep = co_await read_head(*exchange);
  if (keep) {
    co_await server_.handler().handle(*exchange);
    keep = co_await answer(*exchange);
  }
  co_await exchange->end_tasks();
  exchange->let_go();
  exchange_ = nullptr;
  exchange->end();
  server_.h1_exchanges().give_back(exchange);
  co_return keep;
}

// -> a head is there; otherwise the connection is to be closed and what had to be said was said.
net::Task<bool> ServerConnection::read_head(ServerExchange& exchange) {
  const ServerOptions& options = server_.options();
  const TimePoint now = stream_->loop().now();
  const TimePoint whole = deadline(now, options.read_timeout);
  parser_.reset();
  for (;;) {
    const Progress progress = parser_.parse(in_.view(), exchange.request);
    if (progress == Progress::done) break;
    if (progress == Progress::failed) {
      co_await refuse(exchange, status_of(parser_.error()));
      co_return false;
    }
    // Whoever sends at least so fast gets the time it takes; whoever trickles bytes to hold the connection does not.
    const Duration earned = std::chrono::seconds(in_.size() / kMinHeadRate);
    if (options.read_timeout > 0s && options.head_timeout > 0s)
      stream_->set_read_deadline(std::min(whole, now + options.head_timeout + earned));
    else
      stream_->set_read_deadline(whole);
    const ssize_t n = co_await stream_->fill(in_);
    if (n == -ETIMEDOUT) co_await refuse(exchange, 408);
    if (n <= 0) co_return false;
  }
  if (exchange.request.framing != Framing::none || !exchange.request.upgrade.empty()) {
    // Reading the body, or what follows an upgrade, reuses the buffer; the head has to outlive that.
    const std::string_view copy = exchange.arena.copy(in_.view().substr(0, parser_.head_size()));
    parser_.parse(copy, exchange.request);
  }
  in_.consume(parser_.head_size());
  stream_->set_read_deadline(whole);
  stream_->set_write_deadline(deadline(now, options.write_timeout));
  exchange.continue_pending = exchange.request.expects_continue;
  exchange.body->start(exchange.request.framing, exchange.request.content_length);
  if (!exchange.body->ended()) exchange.request_body = &*exchange.body;
  co_return true;
}

net::Task<> ServerConnection::refuse(ServerExchange& exchange, uint16_t status) {
  const std::string_view reason = reason_phrase(status);
  exchange.request.keep_alive = false;
  exchange.respond(status, reason);
  linger_ = true;
  co_await answer(exchange);
}

// -> the connection may serve another request
net::Task<bool> ServerConnection::answer(ServerExchange& exchange) {
  if (exchange.drop_connection) {
    cut_short_ = true;
    co_return false;
  }
  ResponseHead& head = exchange.response;
  if (head.status == 101 && (exchange.tunnel != nullptr || exchange.upgraded)) {
    co_await switch_protocols(exchange);
    co_return false;
  }
  const bool to_http10 = exchange.request.version == Version::http10;
  const bool body_allowed =
      exchange.request.method_id != Method::head && head.status != 204 && head.status != 304 && head.status >= 200;
  if (exchange.response_body == nullptr && head.framing != Framing::length && body_allowed) {
    head.framing = Framing::length;
    head.content_length = 0;
  }
  if (!body_allowed) {
    if (head.framing != Framing::length && !head.has_content_length) head.framing = Framing::none;
  } else if (head.framing == Framing::chunked || head.framing == Framing::until_close) {
    head.framing = to_http10 ? Framing::until_close : Framing::chunked;
  }

  // A request body that nobody read stands between this answer and the next request.
  bool body_read = exchange.body->ended() && exchange.body->error() == BodyError::none;
  bool keep = exchange.request.keep_alive && !exchange.close_connection && !last_request() &&
              !(body_allowed && head.framing == Framing::until_close);
  // What the client still sends is too much to read, or unknown: it may yet send the body it expects to be asked for.
  if (!body_read && (exchange.continue_pending || exchange.body->error() != BodyError::none ||
                     exchange.body->remaining().value_or(0) > kMaxDiscard))
    keep = false;

  if (!head.headers.contains(HeaderId::date)) head.headers.append(HeaderId::date, server_.date());
  exchange.response_started = true;
  const Duration stall_limit = server_.options().http2.stall_timeout;
  if (stall_limit > 0s && exchange.response_body != nullptr && !limits_stall_ &&
      (head.framing != Framing::length || head.content_length >= kMayStall)) {
    limits_stall_ = true;
    limit_stall(*stream_, stall_limit);
  }
  SendResult sent;
  {
    HeadBytes bytes;
    char* out = bytes.reserve(response_head_bound(head));
    bytes.set_size(
        write_response_head(out, head, {.keep_alive = keep, .to_http10 = to_http10, .body_allowed = body_allowed}));
    sent =
        co_await send_message(*stream_, bytes, exchange.response_body.get(),
                              body_allowed ? head.framing : Framing::none, head.content_length, &exchange.bytes_sent);
  }
  exchange.response_complete = sent.complete();
  exchange.response_error = sent.read_error;
  // Lets the upstream connection go before we look after the client's. A body still on its way up ends here.
  if (!exchange.tasks.idle()) body_read = keep = false;
  co_await exchange.end_tasks();
  exchange.let_go();
  if (!sent.complete()) {
    cut_short_ = true;
    // What was sent must not look complete: a chunked body has no end, a counted one is short, the rest needs a reset.
    if (body_allowed && head.framing == Framing::until_close && sent.write_error == 0)
      if (auto* plain = stream_->plain()) plain->reset_on_close();
    co_return false;
  }
  if (keep && !body_read) keep = co_await discard_body(exchange);
  if (!keep) linger_ = linger_ || !body_read || !in_.empty() || stream_->may_read();
  exchange.body->release();
  co_return keep;
}

net::Task<bool> ServerConnection::discard_body(ServerExchange& exchange) {
  uint64_t dropped = 0;
  for (;;) {
    BodyChunk chunk = exchange.body->take();
    if (!chunk.ready()) chunk = co_await exchange.body->read();
    dropped += chunk.data.size();
    if (chunk.error != BodyError::none || dropped > kMaxDiscard) co_return false;
    if (chunk.last) co_return true;
  }
}

net::Task<> ServerConnection::switch_protocols(ServerExchange& exchange) {
  ResponseHead& head = exchange.response;
  head.framing = Framing::none;
  {
    HeadBytes bytes;
    char* out = bytes.reserve(response_head_bound(head));
    bytes.set_size(write_response_head(out, head, {.keep_alive = true, .body_allowed = false}));
    if (co_await stream_->write(bytes.view()) != 0) co_return;
  }
  exchange.response_started = true;
  exchange.body->release();
  stream_->set_read_deadline(net::Stream::kNever);
  stream_->set_write_deadline(net::Stream::kNever);
  if (limits_stall_) limit_stall(*stream_, 0s);  // other protocols have other habits
  if (exchange.upgraded) {
    co_await exchange.upgraded(*stream_, in_);
    exchange.response_complete = true;
    co_return;
  }
  const net::RelayBytes moved = co_await net::relay(*stream_, in_, exchange.tunnel->stream(), exchange.tunnel->in());
  exchange.bytes_sent = moved.to_first;
  exchange.response_complete = true;
}

}  // namespace fl::http::h1
