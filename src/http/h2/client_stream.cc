#include "http/h2/client_stream.h"

#include <sys/socket.h>

#include <array>

#include "http/h1/body_reader.h"
#include "http/h2/client_connection.h"
#include "http/h2/extended_connect.h"
#include "http/websocket.h"

namespace fl::http::h2 {
namespace {

constexpr int kMaxInterim = 64;
constexpr Duration kContinueTimeout = 1s;  // Traefik: expect-continue timeout of its transports

ClientError error_of(BodyError error) {
  switch (error) {
    case BodyError::timeout: return ClientError::request_timeout;
    case BodyError::malformed:
    case BodyError::too_large: return ClientError::request_body;
    default: return ClientError::client_gone;
  }
}

}  // namespace

// The answer's body, which owns the stream it comes on.
class AnswerBody final : public BodySource {
 public:
  AnswerBody(std::unique_ptr<http::ClientConnection> owner, ClientStream& stream)
      : owner_(std::move(owner)), stream_(stream) {}

  BodyChunk take() override { return stream_.answer_.take(); }
  net::Task<BodyChunk> read() override { return stream_.answer_.read(); }
  std::optional<uint64_t> remaining() const override { return stream_.answer_.remaining(); }
  const HeaderMap* trailers() const override { return stream_.answer_.trailers(); }
  void abandon() noexcept override { stream_.cancel(); }

 private:
  std::unique_ptr<http::ClientConnection> owner_;
  ClientStream& stream_;
};

// What an exchange is tied to after an extended CONNECT: the near end of a pair of sockets, whose far end carry() moves
// over the stream. A tunnel has to be something that relays know how to wait for and splice; a copy more is its price.
class StreamTunnel final : public Tunnel {
 public:
  StreamTunnel(ClientStream& owner, std::unique_ptr<net::Stream> near) : owner_(&owner), near_(std::move(near)) {
    owner.tunnel_ = this;
  }
  // What was written is sent still when the server has ended before; else nobody is there to read.
  ~StreamTunnel() override {
    if (owner_ == nullptr) return;
    owner_->tunnel_ = nullptr;
    if (!owner_->answer_.ended()) owner_->abandon(NGHTTP2_CANCEL);
  }
  void forget_owner() { owner_ = nullptr; }
  net::Stream& stream() override { return *near_; }
  net::InBuffer& in() override { return in_; }

 private:
  ClientStream* owner_;  // null: it has ended
  std::unique_ptr<net::Stream> near_;
  net::InBuffer in_;
};

ClientStream::ClientStream(h2::ClientConnection& connection)
    : Stream(answer_), connection_(connection), reused_(connection.has_served()), head_timer_(*this) {
  connection_.add(*this);
}

ClientStream::~ClientStream() {
  if (tunnel_ != nullptr) tunnel_->forget_owner();
  abandon(NGHTTP2_CANCEL);
  Stream::recycle();
  connection_.remove(*this);
}

net::Task<ClientOutcome> ClientStream::run(std::unique_ptr<http::ClientConnection> self, Exchange& x,
                                           const ClientOptions& options) {
  exchange_ = &x;
  head_timeout_ = options.response_header_timeout;
  Connection& wire = connection_.wire();
  const bool has_body = x.request_body != nullptr;
  const bool is_tunnel = !x.request.upgrade.empty();
  if (is_tunnel)
    if (const ClientError error = co_await wait_for_greeting(x); error != ClientError::none)
      co_return ClientOutcome{.error = error};
  const int32_t id = submit(x);
  if (id < 0 || wire.is_over()) co_return ClientOutcome{.error = ClientError::connection_lost, .unprocessed = true};
  Stream::open(wire, id);
  x.watch_client(this);
  wire.flush();
  if (has_body) {
    uploading_ = true;
    x.tasks.spawn(upload());
  } else {
    arm_head_timer();
  }
  if (x.request.expects_continue) wire.loop().timers().set(head_timer_, wire.loop().now() + kContinueTimeout);

  while (!has_head_ || !interim_.empty()) {
    std::vector<ResponseHead> interim = std::exchange(interim_, {});
    for (const ResponseHead& head : interim)
      if (head.status == 100)
        release();
      else if (co_await x.send_interim(head) != 0)
        fail(ClientError::client_gone);
    if (closed() && !has_head_) break;
    if (!has_head_ && interim_.empty()) co_await head_wake_;
  }
  head_timer_.cancel();
  // An answer that has failed already although nothing of it was passed on is none: the client can still be told.
  if (!has_head_ || error_ != ClientError::none || answer_.error() != BodyError::none) {
    const ClientOutcome outcome = lost();
    co_await settle();
    co_return outcome;
  }
  if (!is_tunnel || x.response.status != 200) {
    x.response_body = std::make_unique<AnswerBody>(std::move(self), *this);
    co_return ClientOutcome{};
  }
  x.watch_client(nullptr);
  if (!start_tunnel(std::move(self), x)) co_return ClientOutcome{.error = ClientError::connection_lost};
  make_switch(x);
  co_return ClientOutcome{};
}

// -> what stands against an extended CONNECT: RFC 8441 3 lets us send one only once the server has said that it may be.
net::Task<ClientError> ClientStream::wait_for_greeting(Exchange& x) {
  if (!is_websocket_request(x)) co_return ClientError::no_extended_connect;
  x.watch_client(this);
  const Connection& wire = connection_.wire();
  while (!connection_.is_greeted() && !wire.is_over() && !client_gone()) co_await head_wake_;
  x.watch_client(nullptr);
  if (client_gone()) co_return ClientError::client_gone;
  if (!connection_.is_greeted()) co_return ClientError::connection_lost;
  co_return connection_.takes_extended_connect() ? ClientError::none : ClientError::no_extended_connect;
}

// -> the stream's number | an error of nghttp2
int32_t ClientStream::submit(Exchange& x) {
  Connection& wire = connection_.wire();
  const auto fields = wire.head_writer().request(x.request, connection_.scheme(), x.arena);
  if (!x.request.upgrade.empty())  // what goes up is known once the server agrees
    return nghttp2_submit_headers(wire.session(), NGHTTP2_FLAG_NONE, -1, nullptr, fields.data(), fields.size(),
                                  &as_stream());
  if (x.request_body == nullptr)
    return nghttp2_submit_request(wire.session(), nullptr, fields.data(), fields.size(), nullptr, &as_stream());
  start_sending(*x.request_body,
                x.request.framing == Framing::length ? std::optional(x.request.content_length) : std::nullopt, x.arena,
                &x.bytes_received);
  if (x.request.expects_continue) hold_back();
  const nghttp2_data_provider provider = Stream::provider();
  return nghttp2_submit_request(wire.session(), nullptr, fields.data(), fields.size(), &provider, &as_stream());
}

// ---- a websocket's bytes

bool ClientStream::start_tunnel(std::unique_ptr<http::ClientConnection> self, Exchange& x) {
  std::array<int, 2> fds{};
  if (::socketpair(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0, fds.data()) != 0) return false;
  net::Loop& loop = connection_.wire().loop();
  x.tunnel = std::make_unique<StreamTunnel>(*this, std::make_unique<net::TcpStream>(loop, fds[0]));
  carry(std::move(self), std::make_unique<net::TcpStream>(loop, fds[1]));
  return true;
}

// Until both directions have ended, or one has failed. Keeps the stream alive beyond the exchange, whose tunnel may go
// earlier.
net::Detached ClientStream::carry([[maybe_unused]] std::unique_ptr<http::ClientConnection> self,
                                  std::unique_ptr<net::TcpStream> far) {
  Arena none;  // a tunnel has no trailers
  net::InBuffer in;
  h1::BodyReader body(*far, in);
  body.start(Framing::until_close, 0);
  start_sending(body, std::nullopt, none, nullptr);
  const nghttp2_data_provider provider = Stream::provider();
  far_ = far.get();
  net::TaskScope scope;
  scope.spawn(carry_down(*far));
  if (closed() || nghttp2_submit_data(connection_.wire().session(), NGHTTP2_FLAG_END_STREAM, id(), &provider) != 0 ||
      !(co_await sent()).complete) {
    abandon(NGHTTP2_CANCEL);
    far->cancel();
  }
  co_await scope.join();
  far_ = nullptr;
}

net::Task<> ClientStream::carry_down(net::Stream& far) {
  for (;;) {
    const BodyChunk chunk = co_await answer_.read();
    if (chunk.error != BodyError::none) break;
    if (!chunk.data.empty() && co_await far.write(chunk.data) != 0) break;
    if (chunk.last) co_return co_await far.shutdown_write();
    if (far.loop().budget() <= 0) co_await net::yield();
  }
  abandon(NGHTTP2_CANCEL);
  far.cancel();
}

void ClientStream::on_abort() noexcept {
  head_wake_.notify();
  if (far_ != nullptr) far_->cancel();
  // What was cut must not look ended: whoever has the other end fails as on a connection that was reset.
  if (tunnel_ != nullptr && !answer_.ended()) tunnel_->stream().cancel();
}

net::Task<> ClientStream::upload() {
  const Sent result = co_await sent();
  uploading_ = false;
  if (result.read_error != BodyError::none)
    fail(error_of(result.read_error));
  else if (!has_head_)
    arm_head_timer();
}

// Nobody may use the exchange's body, or this, after run() has failed.
net::Task<> ClientStream::settle() {
  exchange_->watch_client(nullptr);
  abandon(NGHTTP2_CANCEL);
  if (exchange_->tasks.idle()) co_return;
  exchange_->request_body->abandon();
  co_await exchange_->tasks.join();
}

void ClientStream::fail(ClientError error, std::string_view detail) {
  if (error_ == ClientError::none) {
    error_ = error;
    detail_ = detail;
  }
  abandon(NGHTTP2_CANCEL);
  head_wake_.notify();
}

ClientOutcome ClientStream::lost() const {
  if (client_gone()) return {.error = ClientError::client_gone};
  if (error_ != ClientError::none) return {.error = error_, .detail = detail_};
  if (answer_.error() == BodyError::malformed) return {.error = ClientError::malformed_response};
  // RFC 9113 8.7: refused, or above the last stream of a GOAWAY, which nghttp2 tells as the same.
  const bool unprocessed = !has_head_ && close_code() == NGHTTP2_REFUSED_STREAM;
  return {.error = ClientError::connection_lost, .stale = reused_ && !heard_, .unprocessed = unprocessed};
}

void ClientStream::arm_head_timer() {
  if (head_timeout_ <= 0s || closed()) return;
  net::Loop& loop = connection_.wire().loop();
  loop.timers().set(head_timer_, loop.now() + head_timeout_);
}

void ClientStream::on_head_timeout(net::Timer& timer) {
  ClientStream& self = static_cast<HeadTimer&>(timer).stream;
  if (self.is_held_back()) return self.release();  // no word on 100-continue: the body goes all the same
  self.fail(ClientError::response_timeout);
}

// ---- from the connection

void ClientStream::on_begin_headers(HeadReader& reader) {
  heard_ = true;
  if (has_head_)
    reader.begin_trailers(answer_.received_trailers(), exchange_->arena);
  else
    reader.begin_response(exchange_->response, exchange_->arena);
}

void ClientStream::on_end_headers(HeadReader& reader, bool end_stream) {
  if (has_head_) {
    if (!end_stream || reader.end_trailers() != HeadFault::none) {
      answer_.fail(BodyError::malformed);
      return reset(NGHTTP2_PROTOCOL_ERROR);
    }
    return on_end_stream();
  }
  ResponseHead& head = exchange_->response;
  if (reader.end_response(end_stream, exchange_->request.method_id == Method::head) != HeadFault::none)
    return fail(ClientError::malformed_response, "malformed HTTP/2 answer");
  if (head.status < 200) {
    if (++interims_ > kMaxInterim) return fail(ClientError::too_many_interim);
    interim_.push_back(std::move(head));
    head = {};
  } else {
    has_head_ = true;
    // RFC 9110 9.3.6: a length means nothing where a tunnel begins.
    const bool is_tunnel = !exchange_->request.upgrade.empty() && head.status == 200;
    const bool counted = head.framing == Framing::length && !is_tunnel;
    answer_.start(counted ? std::optional(head.content_length) : std::nullopt);
    if (end_stream) answer_.on_end();
  }
  head_wake_.notify();
}

void ClientStream::on_data(std::string_view data) {
  if (has_head_ && !answer_.ended() && answer_.on_data(data)) return;
  consume(data.size());
  answer_.fail(BodyError::malformed);
  if (has_head_)
    reset(NGHTTP2_PROTOCOL_ERROR);
  else
    fail(ClientError::malformed_response, "DATA before the head");
}

void ClientStream::on_end_stream() {
  if (answer_.on_end()) return;
  answer_.fail(BodyError::truncated);
  reset(NGHTTP2_PROTOCOL_ERROR);
}

}  // namespace fl::http::h2
