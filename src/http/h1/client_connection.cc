#include "http/h1/client_connection.h"

#include <algorithm>
#include <cerrno>
#include <utility>

#include "http/h1/body_reader.h"
#include "http/h1/head_bytes.h"
#include "http/h1/writer.h"

namespace fl::http {

std::unique_ptr<ClientConnection> make_http1_client(ClientPool& pool, std::unique_ptr<net::Stream> stream) {
  return std::make_unique<h1::ClientConnection>(pool, std::move(stream));
}

}  // namespace fl::http

namespace fl::http::h1 {
namespace {

constexpr int kMaxInterim = 64;
constexpr Duration kContinueTimeout = 1s;  // Traefik: expect-continue timeout of its transports

// Fields that the server lists as meant for the hop to us (RFC 9110 7.6.1).
void remove_fields_of_the_hop(HeaderMap& headers) {
  if (!headers.contains(HeaderId::connection)) return;
  headers.remove_if([&headers](const Field& f) {
    if (f.id == HeaderId::connection) return false;
    return std::ranges::any_of(
        headers, [&f](const Field& c) { return c.id == HeaderId::connection && has_token(c.value, f.name); });
  });
}

// An answer that switches nothing offers nothing either: we could not keep the offer.
void remove_hop_by_hop(ResponseHead& head) {
  remove_fields_of_the_hop(head.headers);
  head.upgrade = {};
}

ClientError error_of(BodyError error) {
  switch (error) {
    case BodyError::timeout: return ClientError::request_timeout;
    case BodyError::malformed:
    case BodyError::too_large: return ClientError::request_body;
    default: return ClientError::client_gone;
  }
}

}  // namespace

// The answer's body, which owns the connection it comes from and returns it when the answer is complete.
class AnswerBody final : public BodyReader {
 public:
  AnswerBody(std::unique_ptr<http::ClientConnection> owner, ClientConnection& connection, bool keep_alive)
      : BodyReader(connection.stream(), connection.in_),
        owner_(std::move(owner)),
        connection_(connection),
        keep_alive_(keep_alive) {}

  ~AnswerBody() override {
    release();
    // Bytes behind the answer belong to no request: such a connection must not carry another.
    const bool reusable = keep_alive_ && ended() && error() == BodyError::none && connection_.request_sent_ &&
                          !connection_.client_gone() && connection_.in_.empty();
    if (reusable) connection_.pool_.put_back(std::move(owner_));
  }

  // Decodes what has come with the head, for the first take(). -> it is well-formed
  bool begins_well() {
    first_ = BodyReader::take();
    return first_.error == BodyError::none;
  }

  BodyChunk take() override { return first_.ready() ? std::exchange(first_, {}) : BodyReader::take(); }
  void abandon() noexcept override {
    keep_alive_ = false;
    connection_.stream().cancel();
  }

 private:
  std::unique_ptr<http::ClientConnection> owner_;
  ClientConnection& connection_;
  bool keep_alive_;
  BodyChunk first_;
};

class UpgradedTunnel final : public Tunnel {
 public:
  UpgradedTunnel(std::unique_ptr<http::ClientConnection> owner, ClientConnection& connection)
      : owner_(std::move(owner)), connection_(connection) {}
  net::Stream& stream() override { return connection_.stream(); }
  net::InBuffer& in() override { return connection_.in_; }

 private:
  std::unique_ptr<http::ClientConnection> owner_;
  ClientConnection& connection_;
};

bool ClientConnection::rest() {
  in_.release_if_empty();
  request_sent_ = false;
  reused_ = true;
  if (stream_->hung_up()) return false;
  stream_->watch();
  stream_->set_hangup_listener(this);
  return true;
}

bool ClientConnection::wake() {
  stream_->set_hangup_listener(nullptr);
  return stream_->is_idle();
}

net::Task<ClientOutcome> ClientConnection::run(std::unique_ptr<http::ClientConnection> self, Exchange& x,
                                               const ClientOptions& options) {
  Upload& state = *x.arena.make<Upload>();
  state.head_timeout = options.response_header_timeout;
  x.watch_client(this);
  if (x.request_body == nullptr || x.request.expects_continue) {
    const int error = co_await send_head(x);
    // The answer may be there all the same: a server may refuse and close before it has read everything.
    if (error != 0 && (client_gone() || !stream_->may_read())) {
      const ClientOutcome why = lost(error, state);
      co_await settle(x);
      co_return why;
    }
    request_sent_ = x.request_body == nullptr;
  } else {
    state.done = false;
    x.tasks.spawn(upload(x, true, state));
  }
  if (const ClientOutcome outcome = co_await read_head(x, state); outcome.error != ClientError::none) {
    co_await settle(x);
    co_return outcome;
  }
  state.awaits_head = false;
  stream_->set_read_deadline(net::Stream::kNever);

  ResponseHead& head = x.response;
  if (head.status == 101) {
    // As asked, and not before the request has ended (RFC 9110 7.8).
    const bool expected = !head.upgrade.empty() && has_token(x.request.upgrade, head.upgrade) && x.tasks.idle();
    co_await settle(x);
    if (!expected) co_return ClientOutcome{ClientError::unexpected_switch};
    parser_.parse(x.arena.copy(in_.view().substr(0, parser_.head_size())), head);
    in_.consume(parser_.head_size());
    remove_fields_of_the_hop(head.headers);
    x.tunnel = std::make_unique<UpgradedTunnel>(std::move(self), *this);
    co_return ClientOutcome{};
  }

  const bool no_body = x.request.method_id == Method::head || head.framing == Framing::none;
  const Framing framing = no_body ? Framing::none : head.framing;
  const size_t behind = in_.size() - parser_.head_size();
  if (framing != Framing::none && !(framing == Framing::length && head.content_length <= behind)) {
    // More of the body is to be read into this buffer; the head has to outlive that.
    parser_.parse(x.arena.copy(in_.view().substr(0, parser_.head_size())), head);
  }
  in_.consume(parser_.head_size());
  remove_hop_by_hop(head);
  auto body = std::make_unique<AnswerBody>(std::move(self), *this, head.keep_alive);
  body->start(framing, head.content_length);
  // Nothing has been passed on yet, so the client can still be told.
  if (framing == Framing::chunked && !body->begins_well()) {
    co_await settle(x);
    co_return ClientOutcome{.error = ClientError::malformed_response, .detail = body->fault()};
  }
  x.response_body = std::move(body);
  co_return ClientOutcome{};
}

net::Task<int> ClientConnection::send_head(Exchange& x) {
  HeadBytes head;
  head.set_size(write_request_head(head.reserve(request_head_bound(x.request)), x.request));
  co_return co_await stream_->write(head.view());
}

TimePoint ClientConnection::Upload::head_deadline(const net::Loop& loop) const {
  return head_timeout > 0s ? loop.now() + head_timeout : net::Stream::kNever;
}

// Sends the request's body, behind its head or alone; a child of the exchange, so that an answer may come before the
// body has ended.
net::Task<> ClientConnection::upload(Exchange& x, bool with_head, Upload& state) {
  HeadBytes head;
  if (with_head) head.set_size(write_request_head(head.reserve(request_head_bound(x.request)), x.request));
  state.sent = co_await send_message(*stream_, head, x.request_body, x.request.framing, x.request.content_length,
                                     &x.bytes_received, Of::request);
  request_sent_ = state.sent.complete();
  state.done = true;
  // A request that cannot be finished gets no answer worth waiting for; a server that stopped reading may still give
  // one.
  if (state.sent.read_error != BodyError::none)
    stream_->cancel_read();
  else if (state.awaits_head)
    stream_->set_read_deadline(state.head_deadline(stream_->loop()));
}

// Until the head of the answer proper is in x.response, its bytes still at the front of the buffer.
net::Task<ClientOutcome> ClientConnection::read_head(Exchange& x, Upload& state) {
  bool awaits_continue = x.request.expects_continue && x.request_body != nullptr;
  const auto start_upload = [&] {
    awaits_continue = false;
    stream_->set_read_deadline(net::Stream::kNever);
    state.done = false;
    x.tasks.spawn(upload(x, false, state));
  };
  if (awaits_continue)
    stream_->set_read_deadline(stream_->loop().now() + kContinueTimeout);
  else if (state.done)
    stream_->set_read_deadline(state.head_deadline(stream_->loop()));

  parser_.reset();
  for (int interim = 0;;) {
    const Progress progress = parser_.parse(in_.view(), x.response);
    if (progress == Progress::failed)
      co_return ClientOutcome{.error = ClientError::malformed_response, .detail = describe(parser_.error())};
    if (progress == Progress::incomplete) {
      const ssize_t n = co_await stream_->fill(in_);
      if (n > 0) continue;
      if (n != -ETIMEDOUT || !awaits_continue) co_return lost(n, state);
      start_upload();
      continue;
    }
    const uint16_t status = x.response.status;
    if (status >= 200 || status == 101) co_return ClientOutcome{};
    if (++interim > kMaxInterim) co_return ClientOutcome{ClientError::too_many_interim};
    if (status != 100) {
      remove_hop_by_hop(x.response);
      if (co_await x.send_interim(x.response) != 0) co_return ClientOutcome{ClientError::client_gone};
    } else if (awaits_continue) {
      start_upload();
    }
    in_.consume(parser_.head_size());
    parser_.reset();
  }
}

ClientOutcome ClientConnection::lost(ssize_t result, const Upload& state) const {
  if (client_gone()) return {ClientError::client_gone};
  if (state.done && state.sent.read_error != BodyError::none) return {error_of(state.sent.read_error)};
  if (result == -ETIMEDOUT) return {ClientError::response_timeout};
  return {ClientError::connection_lost, reused_ && in_.empty()};
}

net::Task<> ClientConnection::settle(Exchange& x) {
  x.watch_client(nullptr);
  if (x.tasks.idle()) co_return;
  stream_->cancel();
  x.request_body->abandon();
  co_await x.tasks.join();
}

}  // namespace fl::http::h1
