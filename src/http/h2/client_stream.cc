#include "http/h2/client_stream.h"

#include "http/h2/client_connection.h"

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

ClientStream::ClientStream(h2::ClientConnection& connection)
    : Stream(answer_), connection_(connection), reused_(connection.has_served()), head_timer_(*this) {
  connection_.add(*this);
}

ClientStream::~ClientStream() {
  abandon(NGHTTP2_CANCEL);
  Stream::recycle();
  connection_.remove(*this);
}

net::Task<ClientOutcome> ClientStream::run(std::unique_ptr<http::ClientConnection> self, Exchange& x,
                                           const ClientOptions& options) {
  exchange_ = &x;
  head_timeout_ = options.response_header_timeout;
  Connection& wire = connection_.wire();
  nghttp2_data_provider provider{};
  const bool has_body = x.request_body != nullptr;
  if (has_body) {
    start_sending(*x.request_body,
                  x.request.framing == Framing::length ? std::optional(x.request.content_length) : std::nullopt,
                  x.arena, &x.bytes_received);
    if (x.request.expects_continue) hold_back();
    provider = Stream::provider();
  }
  const auto fields = wire.head_writer().request(x.request, connection_.scheme(), x.arena);
  const int32_t id = nghttp2_submit_request(wire.session(), nullptr, fields.data(), fields.size(),
                                            has_body ? &provider : nullptr, &as_stream());
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
  if (!has_head_ || error_ != ClientError::none) {
    const ClientOutcome outcome = lost();
    co_await settle();
    co_return outcome;
  }
  x.response_body = std::make_unique<AnswerBody>(std::move(self), *this);
  co_return ClientOutcome{};
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
  // RFC 9113 8.7: refused, or above the last stream of a GOAWAY, which nghttp2 tells as the same.
  const bool unprocessed = close_code() == NGHTTP2_REFUSED_STREAM;
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
    const bool counted = head.framing == Framing::length;
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
