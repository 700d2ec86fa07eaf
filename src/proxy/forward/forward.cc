#include "proxy/forward/forward.h"

#include <cerrno>
#include <string>

#include "base/log.h"
#include "http/h1/body_reader.h"
#include "http/h1/message_writer.h"
#include "http/h1/writer.h"
#include "proxy/forward/upstream.h"
#include "proxy/transaction.h"

namespace fl::proxy {
namespace {

using http::Exchange;
using http::Framing;
using http::HeaderId;
using Kind = ProxyError::Kind;
using Source = ProxyError::Source;
using Retry = ProxyError::Retry;

constexpr int kMaxInterim = 64;
constexpr Duration kContinueTimeout = 1s;  // Traefik: expect-continue timeout of its transports

// The answer's body, which owns the connection it comes from and returns it when the answer is complete.
class UpstreamBody final : public http::h1::BodyReader {
 public:
  UpstreamBody(std::unique_ptr<UpstreamConnection> connection, bool keep_alive)
      : BodyReader(connection->stream(), connection->in), connection_(std::move(connection)), keep_alive_(keep_alive) {}

  ~UpstreamBody() override {
    release();
    // Bytes behind the answer belong to no request: such a connection must not carry another.
    const bool reusable = keep_alive_ && ended() && error() == http::BodyError::none && connection_->request_sent &&
                          !connection_->client_gone && connection_->in.empty();
    if (reusable) connection_->upstream().put_back(std::move(connection_));
  }

  void abandon() noexcept override {
    keep_alive_ = false;
    connection_->stream().cancel();
  }

 private:
  std::unique_ptr<UpstreamConnection> connection_;
  bool keep_alive_;
};

class UpstreamTunnel final : public http::Tunnel {
 public:
  explicit UpstreamTunnel(std::unique_ptr<UpstreamConnection> connection) : connection_(std::move(connection)) {}
  net::Stream& stream() override { return connection_->stream(); }
  net::InBuffer& in() override { return connection_->in; }

 private:
  std::unique_ptr<UpstreamConnection> connection_;
};

// RFC 9110 9.2.2, as far as the method says it; one with a body is never replayed, for the body is gone.
bool is_replayable(const Exchange& x) {
  if (x.request_body != nullptr) return false;
  switch (x.request.method_id) {
    case http::Method::get:
    case http::Method::head:
    case http::Method::options:
    case http::Method::trace:
    case http::Method::put:
    case http::Method::delete_: return true;
    default: return false;
  }
}

// Fields meant for the hop from the server to us (RFC 9110 7.6.1).
void remove_fields_of_the_hop(http::HeaderMap& headers) {
  const std::string_view* listed = headers.find(HeaderId::connection);
  headers.remove_if([&headers, listed](const http::Field& f) {
    if (f.id == HeaderId::proxy_authenticate) return true;
    if (listed == nullptr || f.id == HeaderId::connection) return false;
    for (const http::Field& c : headers)
      if (c.id == HeaderId::connection && http::has_token(c.value, f.name)) return true;
    return false;
  });
}

// An answer that switches nothing offers nothing either: we could not keep the offer.
void remove_hop_by_hop(http::ResponseHead& head) {
  remove_fields_of_the_hop(head.headers);
  head.upgrade = {};
}

void append_forwarded_for(Exchange& x) {
  http::HeaderMap& headers = x.request.headers;
  std::string_view value = x.connection().peer_ip_text();
  bool suppressed = false;
  for (auto field = headers.end(); field != headers.begin();) {
    --field;
    if (field->id != HeaderId::x_forwarded_for) continue;
    if (field->value.empty())
      suppressed = true;
    else
      value = x.arena.concat({field->value, ", ", value});
  }
  if (suppressed)
    headers.remove(HeaderId::x_forwarded_for);
  else
    headers.set(HeaderId::x_forwarded_for, value);
}

// State of an upload that outlives forward(): in the arena, as the exchange's tasks are joined before that ends.
struct Upload {
  http::h1::SendResult sent;
  bool done = true;
  bool awaits_head = true;  // the answer's; its time limit begins with the end of the upload
};

TimePoint head_deadline(const UpstreamConnection& connection, const net::Loop& loop) {
  const Duration timeout = connection.upstream().transport().response_header_timeout;
  return timeout > 0s ? loop.now() + timeout : net::Stream::kNever;
}

// Sends the request's head and body; a child of the exchange, so that an answer may come before the body has ended.
net::Task<> upload(Exchange& x, UpstreamConnection& connection, std::string head, Upload& up) {
  net::Stream& stream = connection.stream();
  up.sent = co_await http::h1::send_message(stream, head, x.request_body, x.request.framing, x.request.content_length,
                                            &Transaction::of(x).record.request_bytes);
  connection.request_sent = up.sent.complete();
  up.done = true;
  // A request that cannot be finished gets no answer worth waiting for; a server that stopped reading may still give one.
  if (up.sent.read_error != http::BodyError::none)
    stream.cancel_read();
  else if (up.awaits_head)
    stream.set_read_deadline(head_deadline(connection, stream.loop()));
}

ProxyError::Kind kind_of(http::BodyError error) {
  switch (error) {
    case http::BodyError::timeout: return Kind::request_timeout;
    case http::BodyError::malformed:
    case http::BodyError::too_large: return Kind::request_body;
    default: return Kind::client_gone;
  }
}

}  // namespace

// One try on one connection.
static net::Task<ProxyError> attempt(Exchange& x, std::unique_ptr<UpstreamConnection> connection) {
  net::Stream& stream = connection->stream();
  net::Loop& loop = stream.loop();
  Upload& up = *x.arena.make<Upload>();

  const auto lost = [&](ssize_t result) -> ProxyError {
    if (connection->client_gone) return {Kind::client_gone, Source::downstream};
    if (up.done && up.sent.read_error != http::BodyError::none) return {kind_of(up.sent.read_error), Source::downstream};
    if (result == -ETIMEDOUT) return {Kind::response_timeout, Source::upstream};
    return {Kind::connection_lost, Source::upstream, connection->reused ? Retry::if_reused : Retry::no};
  };
  const auto settle = [&]() -> net::Task<> {  // before the connection goes: nobody may use it any more
    x.watch_client(nullptr);
    if (x.tasks.idle()) co_return;
    stream.cancel();
    x.request_body->abandon();
    co_await x.tasks.join();
  };

  x.watch_client(connection.get());
  {
    const auto start_upload = [&](std::string head) {
      up.done = false;
      x.tasks.spawn(upload(x, *connection, std::move(head), up));
    };
    const size_t bound = http::h1::request_head_bound(x.request);
    if (x.request_body == nullptr || x.request.expects_continue) {
      net::Block block;
      std::string large;
      char* out = block.data();
      if (bound > net::Block::size()) {
        large.resize(bound);
        out = large.data();
      }
      const size_t size = http::h1::write_request_head(out, x.request);
      if (const int error = co_await stream.write({out, size}); error != 0) {
        // The answer may be there all the same: a server may refuse and close before it has read everything.
        if (connection->client_gone || !stream.may_read()) {
          const ProxyError why = lost(error);
          co_await settle();
          co_return why;
        }
      }
      connection->request_sent = x.request_body == nullptr;
    } else {
      std::string head(bound, '\0');
      head.resize(http::h1::write_request_head(head.data(), x.request));
      start_upload(std::move(head));
    }
    bool awaits_continue = x.request.expects_continue && x.request_body != nullptr;
    if (awaits_continue)
      stream.set_read_deadline(loop.now() + kContinueTimeout);
    else if (up.done)
      stream.set_read_deadline(head_deadline(*connection, loop));
    const auto continue_now = [&] {
      awaits_continue = false;
      stream.set_read_deadline(net::Stream::kNever);
      start_upload({});
    };

    connection->parser.reset();
    for (int interim = 0;;) {
      const auto progress = connection->parser.parse(connection->in.view(), x.response);
      if (progress == http::h1::Progress::failed) {
        log::debug("{}: {}", Transaction::of(x).record.server_url, describe(connection->parser.error()));
        co_await settle();
        co_return ProxyError{Kind::malformed_response, Source::upstream};
      }
      if (progress == http::h1::Progress::incomplete) {
        const ssize_t n = co_await stream.fill(connection->in);
        if (n > 0) continue;
        if (n == -ETIMEDOUT && awaits_continue) {
          continue_now();
          continue;
        }
        ProxyError why = lost(n);
        if (!connection->in.empty()) why.retry = Retry::no;
        co_await settle();
        co_return why;
      }
      const uint16_t status = x.response.status;
      if (status >= 200 || status == 101) break;
      if (++interim > kMaxInterim) {
        co_await settle();
        co_return ProxyError{Kind::too_many_interim, Source::upstream};
      }
      if (status == 100) {
        if (awaits_continue) continue_now();
      } else {
        remove_hop_by_hop(x.response);
        if (co_await x.send_interim(x.response) != 0) {
          co_await settle();
          co_return ProxyError{Kind::client_gone, Source::downstream};
        }
      }
      connection->in.consume(connection->parser.head_size());
      connection->parser.reset();
    }
  }
  up.awaits_head = false;
  stream.set_read_deadline(net::Stream::kNever);

  http::ResponseHead& head = x.response;
  if (head.status == 101) {
    // As asked, and not before the request has ended (RFC 9110 7.8).
    const bool expected = !head.upgrade.empty() && http::has_token(x.request.upgrade, head.upgrade) && x.tasks.idle();
    co_await settle();
    if (!expected) co_return ProxyError{Kind::unexpected_switch, Source::upstream};
    const std::string_view copy = x.arena.copy(connection->in.view().substr(0, connection->parser.head_size()));
    connection->parser.parse(copy, head);
    connection->in.consume(connection->parser.head_size());
    remove_fields_of_the_hop(head.headers);
    x.tunnel = std::make_unique<UpstreamTunnel>(std::move(connection));
    co_return ProxyError{};
  }

  const bool no_body = x.request.method_id == http::Method::head || head.framing == Framing::none;
  const Framing framing = no_body ? Framing::none : head.framing;
  const size_t behind = connection->in.size() - connection->parser.head_size();
  if (framing != Framing::none && !(framing == Framing::length && head.content_length <= behind)) {
    // More of the body is to be read into this buffer; the head has to outlive that.
    const std::string_view copy = x.arena.copy(connection->in.view().substr(0, connection->parser.head_size()));
    connection->parser.parse(copy, head);
  }
  connection->in.consume(connection->parser.head_size());
  remove_hop_by_hop(head);
  auto body = std::make_unique<UpstreamBody>(std::move(connection), head.keep_alive);
  body->start(framing, head.content_length);
  x.response_body = std::move(body);
  co_return ProxyError{};
}

net::Task<> forward(Exchange& x, const std::shared_ptr<const UpstreamSpec>& server, ForwardOptions options) {
  Transaction& transaction = Transaction::of(x);
  Upstream& upstream = transaction.worker.upstream(server);
  if (!options.pass_host_header) x.request.authority = server->host_header;
  if (std::exchange(transaction.append_forwarded_for, false)) append_forwarded_for(x);  // a retry must not do it again
  const TimePoint start = transaction.worker.loop().now();
  transaction.record.server_address = server->address;

  ProxyError error;
  for (bool fresh = false;; fresh = true) {
    auto connection = fresh ? nullptr : upstream.take_idle();
    if (connection == nullptr) connection = co_await upstream.connect(x, error);
    if (connection == nullptr) break;
    error = co_await attempt(x, std::move(connection));
    if (error.retry != Retry::if_reused || fresh || !is_replayable(x)) break;
  }
  transaction.record.origin_duration = transaction.worker.loop().clock().now() - start;
  if (!error) {
    transaction.record.origin_status = x.response.status;
    co_return;
  }
  const uint16_t status = status_of(error);
  log::debug("{} -> {}: {}", transaction.record.server_url, status, describe(error.kind));
  x.respond(status, http::reason_phrase(status), {});
  if (error.kind == Kind::client_gone) x.drop_connection = true;
  if (error.kind == Kind::request_body || error.kind == Kind::request_timeout) x.close_connection = true;
}

}  // namespace fl::proxy
