#include "http/h2/server_connection.h"

#include <algorithm>
#include <cerrno>

#include "http/h1/body_reader.h"
#include "http/h2/extended_connect.h"
#include "http/linger.h"

namespace fl::http::h2 {
namespace {

// What all open streams of a connection may hold, so that no connection holds two megabytes: bodies, which have a
// window of their own, and the connections to servers aside. Measured: a stream that waits for its server's answer
// holds 4.7 KB, of which 2 are its arena's first part. As many streams as we allow have room for fields of 2.7 KB each:
// whoever keeps to what we announced must not be refused because of a token or some cookies, so who allows more streams
// allows more.
constexpr size_t kStreamsBytes = 1800 << 10;
constexpr size_t kStreamBytes = 4608;         // with no field at all
constexpr size_t kAllowedStreamBytes = 7372;  // of each stream that may be open

constexpr size_t kRequestCost = 4 << 10;  // of the loop's budget: many small requests may lie in one buffer

TimePoint deadline(TimePoint now, Duration timeout) { return timeout > 0s ? now + timeout : net::Stream::kNever; }

// Codes with which we reset a stream for what its client did.
bool blames_the_client(uint32_t code) {
  return code == NGHTTP2_PROTOCOL_ERROR || code == NGHTTP2_FLOW_CONTROL_ERROR || code == NGHTTP2_STREAM_CLOSED ||
         code == NGHTTP2_FRAME_SIZE_ERROR || code == NGHTTP2_REFUSED_STREAM;
}

uint16_t status_of(HeadFault fault) {
  switch (fault) {
    case HeadFault::too_large: return 431;
    case HeadFault::target_too_long: return 414;
    case HeadFault::bad_expectation: return 417;
    case HeadFault::connect_refused: return 405;
    case HeadFault::unknown_protocol: return 501;
    default: return 400;
  }
}

}  // namespace

ServerConnection::ServerConnection(Server& server, std::unique_ptr<net::Stream> stream, const ConnectionInfo& info,
                                   net::InBuffer in)
    : Connection(Side::server, std::move(stream), std::move(in), server.options().head, server.options().http2),
      server_(server),
      info_(info),
      allowance_(std::max(kStreamsBytes, kAllowedStreamBytes * server.options().http2.max_concurrent_streams)),
      accepted_(loop().now()),
      wind_down_timer_(*this) {
  const ServerOptions& o = server.options();
  idle_deadline_ = deadline(accepted_, o.idle_timeout > 0s ? o.idle_timeout : o.read_timeout);
}

// ---- the connection

net::Detached ServerConnection::serve() {
  start();
  if (server_.draining()) wind_down();
  const ssize_t result = co_await read_loop();
  if (result == -ETIMEDOUT) end(greeted_ && !within_block() ? NGHTTP2_NO_ERROR : NGHTTP2_PROTOCOL_ERROR);
  if (result != 0) co_await send_what_is_said();
  const bool by_us = result != 0 && !closed_;
  abort_all();
  while (!exchanges_.empty()) {
    for (size_t i = exchanges_.size(); i-- > 0;)
      if (!exchanges_[i]->dispatched) release(*exchanges_[i]);
    co_await tasks_.join();
  }
  co_await finish();
  // A GOAWAY on its way must not be destroyed by a reset.
  if (by_us) co_await linger(stream());
  server_.remove(*this);
  delete this;
}

void ServerConnection::close() {
  closed_ = true;
  stream().cancel();
  abort_all();
}

void ServerConnection::abort_all() {
  stop_framing();
  for (size_t i = 0; i < exchanges_.size(); ++i) exchanges_[i]->as_stream().on_close(NGHTTP2_CANCEL);
}

void ServerConnection::wind_down() {
  if (ended() || std::exchange(winding_down_, true)) return;
  nghttp2_submit_shutdown_notice(session());
  flush_later();
  // Requests that crossed the notice on their way are served still.
  loop().timers().set(wind_down_timer_, loop().now() + kDrainIdle);
}

void ServerConnection::on_wound_down() {
  if (ended()) return;
  goaway_sent_ = true;
  nghttp2_submit_goaway(session(), NGHTTP2_FLAG_NONE, nghttp2_session_get_last_proc_stream_id(session()),
                        NGHTTP2_NO_ERROR, nullptr, 0);
  flush_later();
  end_if_done();
}

void ServerConnection::end_if_done() {
  if (exchanges_.empty() && (goaway_sent_ || done())) stream().cancel_read();
}

void ServerConnection::before_read() {
  const ServerOptions& o = server_.options();
  const TimePoint now = loop().now();
  TimePoint until = net::Stream::kNever;
  if (!greeted_) {
    until = deadline(accepted_, options().handshake_timeout);
  } else if (within_block()) {
    if (block_deadline_ == net::Stream::kNever) block_deadline_ = deadline(now, o.head_timeout);
    until = block_deadline_;
  }
  if (!within_block()) block_deadline_ = net::Stream::kNever;
  if (exchanges_.empty()) until = std::min(until, idle_deadline_);
  stream().set_read_deadline(until);
}

void ServerConnection::after_receive() {
  for (size_t i = 0; i < arrived_.size(); ++i) {
    ServerExchange& x = *arrived_[i];
    x.arrived = false;
    if (x.as_stream().closed() || ended()) {
      release(x);
      continue;
    }
    x.dispatched = true;
    loop().spend(kRequestCost);
    tasks_.spawn(serve_exchange(x));
  }
  arrived_.clear();
  end_if_done();
}

// ---- requests

void ServerConnection::on_begin_headers(const nghttp2_frame& frame, Stream* stream) {
  if (frame.headers.cat != NGHTTP2_HCAT_REQUEST) {
    if (stream == nullptr) return head_reader_.begin_ignored();
    ServerExchange& x = ServerExchange::of(*stream);
    return head_reader_.begin_trailers(x.as_stream().body().received_trailers(), x.arena, room());
  }
  const ServerOptions& o = server_.options();
  guard_.on_stream_opened(loop().now());
  if (++open_streams_ > o.http2.max_concurrent_streams) {
    nghttp2_submit_rst_stream(session(), NGHTTP2_FLAG_NONE, frame.hd.stream_id, NGHTTP2_REFUSED_STREAM);
    return head_reader_.begin_ignored();
  }
  ServerExchange& x = *server_.h2_exchanges().lease();
  x.begin(*this, frame.hd.stream_id);
  x.index = exchanges_.size();
  exchanges_.push_back(&x);
  nghttp2_session_set_stream_user_data(session(), frame.hd.stream_id, &x.as_stream());
  // One that is alone may have as large a head as the limit says.
  head_reader_.begin_request(x.request, x.arena, exchanges_.size() > 1 ? room() : SIZE_MAX);
  if ((o.max_requests > 0 && ++requests_ >= o.max_requests) ||
      (o.max_age > 0s && loop().now() - accepted_ >= o.max_age))
    wind_down();
}

void ServerConnection::on_end_headers(const nghttp2_frame& frame, Stream* stream) {
  if (stream == nullptr) return;
  ServerExchange& x = ServerExchange::of(*stream);
  const bool end_stream = (frame.hd.flags & NGHTTP2_FLAG_END_STREAM) != 0;
  if (frame.headers.cat == NGHTTP2_HCAT_REQUEST)
    on_request(x, end_stream);
  else
    on_trailers(x, end_stream);
}

void ServerConnection::on_request(ServerExchange& x, bool end_stream) {
  const HeadFault fault = head_reader_.end_request(end_stream);
  if (fault == HeadFault::flood) return end(NGHTTP2_ENHANCE_YOUR_CALM);
  if (fault == HeadFault::malformed) return refuse(x, NGHTTP2_PROTOCOL_ERROR);
  count_held(x, kStreamBytes + head_reader_.held());
  if (fault == HeadFault::no_room || (held_bytes_ > allowance_ && exchanges_.size() > 1))
    return refuse(x, NGHTTP2_REFUSED_STREAM);

  if (fault != HeadFault::none) x.refusal = status_of(fault);
  x.is_tunnel = fault == HeadFault::none && head_reader_.is_tunnel();
  x.continue_pending = x.request.expects_continue;
  const TimePoint now = loop().now();
  const ServerOptions& o = server_.options();
  if (x.is_tunnel) x.websocket_key = add_websocket_key(x);
  ReceivedBody& body = x.as_stream().body();
  if (!end_stream) {
    body.start(x.request.framing == Framing::length ? std::optional(x.request.content_length) : std::nullopt);
    if (!x.is_tunnel) x.request_body = &body;
  }
  const bool limited = o.read_timeout > 0s && !end_stream;
  if (limited || o.write_timeout > 0s)
    x.arm(limited ? now + o.read_timeout : net::Stream::kNever, deadline(now, o.write_timeout));
  // One that says it has no body may not have one: its end is waited for before anybody is asked.
  const bool says_empty = !end_stream && x.request.framing == Framing::length && x.request.content_length == 0;
  if (!says_empty) arrive(x);
}

void ServerConnection::on_trailers(ServerExchange& x, bool end_stream) {
  count_held(x, head_reader_.held());
  // RFC 9113 8.1: a second block ends the message.
  if (!end_stream || head_reader_.end_trailers() != HeadFault::none) {
    x.as_stream().body().fail(BodyError::malformed);
    return refuse(x, NGHTTP2_PROTOCOL_ERROR);
  }
  on_end_stream(x.as_stream());
}

size_t ServerConnection::room() const { return held_bytes_ < allowance_ ? allowance_ - held_bytes_ : 0; }

void ServerConnection::count_held(ServerExchange& x, size_t bytes) {
  x.held_bytes += bytes;
  held_bytes_ += bytes;
}

void ServerConnection::on_data(Stream& stream, std::string_view data) {
  if (stream.body().on_data(data)) return;
  nghttp2_session_consume_connection(session(), data.size());
  stream.body().fail(BodyError::malformed);
  refuse(ServerExchange::of(stream), NGHTTP2_PROTOCOL_ERROR);
}

void ServerConnection::on_end_stream(Stream& stream) {
  ServerExchange& x = ServerExchange::of(stream);
  if (!stream.body().on_end()) {
    stream.body().fail(BodyError::malformed);
    return refuse(x, NGHTTP2_PROTOCOL_ERROR);
  }
  if (x.dispatched || x.arrived) return;
  x.request_body = nullptr;  // it was said to be empty, and is
  arrive(x);
}

void ServerConnection::on_reset(Stream* stream, uint32_t code, bool by_peer) {
  const TimePoint now = loop().now();
  if (by_peer) {
    if (stream != nullptr && !ServerExchange::of(*stream).response_started) act_on(guard_.on_reset(now));
  } else if (blames_the_client(code)) {
    act_on(guard_.on_reset(now));
  }
}

// To be dispatched, or let go if it is reset by then, once all bytes at hand are taken in: a request that is reset in
// the same breath costs no more than its head.
void ServerConnection::arrive(ServerExchange& x) {
  if (!std::exchange(x.arrived, true)) arrived_.push_back(&x);
}

void ServerConnection::refuse(ServerExchange& x, uint32_t code) {
  x.as_stream().reset(code);
  if (!x.dispatched) release(x);
}

void ServerConnection::release(ServerExchange& x) {
  if (x.arrived) std::erase(arrived_, &x);
  exchanges_.back()->index = x.index;
  exchanges_[x.index] = exchanges_.back();
  exchanges_.pop_back();
  held_bytes_ -= x.held_bytes;
  x.end();
  server_.h2_exchanges().give_back(&x);
  if (exchanges_.empty()) {
    const ServerOptions& o = server_.options();
    idle_deadline_ = deadline(loop().now(), o.idle_timeout > 0s ? o.idle_timeout : o.read_timeout);
    before_read();
  }
}

// ---- answers

net::Task<> ServerConnection::serve_exchange(ServerExchange& x) {
  if (x.refusal != 0)
    x.respond(x.refusal, reason_phrase(x.refusal));
  else
    co_await server_.handler().handle(x);
  co_await answer(x);
  co_await x.end_tasks();
  x.let_go();
  if (x.response_complete && !x.is_tunnel && !x.as_stream().body().ended()) co_await let_upload_end(x);
  release(x);
  end_if_done();
}

net::Task<> ServerConnection::answer(ServerExchange& x) {
  Stream& stream = x.as_stream();
  if (stream.closed()) co_return;
  if (x.drop_connection) co_return stream.reset(NGHTTP2_INTERNAL_ERROR);
  ResponseHead& head = x.response;
  if (head.status == 101) {
    if (x.tunnel != nullptr && x.is_tunnel && accept_switch(x, x.websocket_key)) {
      co_await run_tunnel(x);
      co_return;
    }
    x.respond(502, reason_phrase(502));  // RFC 9113 8.6: there is no 101 to pass on
  }
  const bool body_allowed = x.request.method_id != Method::head && head.status != 204 && head.status != 304;
  if (x.response_body == nullptr && head.framing != Framing::length && body_allowed) {
    head.framing = Framing::length;
    head.content_length = 0;
  }
  const bool counted = head.framing == Framing::length;
  const bool has_body = body_allowed && x.response_body != nullptr && head.framing != Framing::none &&
                        !(counted && head.content_length == 0);
  co_await send(x, has_body, counted ? std::optional(head.content_length) : std::nullopt);
}

net::Task<> ServerConnection::send(ServerExchange& x, bool has_body, std::optional<uint64_t> length) {
  Stream& stream = x.as_stream();
  x.response_started = true;
  // A body is not read before its head was framed; without one, nothing keeps the exchange until then.
  const auto fields =
      head_writer().response(x.response, server_.date(), x.arena, has_body ? Memory::lives_on : Memory::copied);
  if (has_body) {
    stream.start_sending(*x.response_body, length, x.arena, &x.bytes_sent);
    const nghttp2_data_provider provider = stream.provider();
    nghttp2_submit_response(session(), stream.id(), fields.data(), fields.size(), &provider);
    // All streams take turns, whatever their clients say of urgency (RFC 9218 is advice).
    const nghttp2_extpri turns{.urgency = NGHTTP2_EXTPRI_DEFAULT_URGENCY, .inc = 1};
    nghttp2_session_change_extpri_stream_priority(session(), stream.id(), &turns, 1);
    const Stream::Sent sent = co_await stream.sent();
    x.response_complete = sent.complete;
    x.response_error = sent.read_error;
    if (!x.response_complete) co_return stream.reset(NGHTTP2_INTERNAL_ERROR);
  } else {
    nghttp2_submit_response(session(), stream.id(), fields.data(), fields.size(), nullptr);
    x.response_complete = true;
    flush();
  }
}

// The answer is whole, what the client still sends is not wanted. It is told so (RFC 9113 8.1) if it does not end by
// itself in a moment: curl, told while it sends, drops the answer it has.
net::Task<> ServerConnection::let_upload_end(ServerExchange& x) {
  x.arm(net::Stream::kNever, net::Stream::kNever);
  co_await x.as_stream().linger();
}

// The server's end of the tunnel is this answer's body; the client's bytes are sent to it beside.
net::Task<> ServerConnection::run_tunnel(ServerExchange& x) {
  x.arm(net::Stream::kNever, net::Stream::kNever);
  net::Stream& far = x.tunnel->stream();
  far.set_read_deadline(net::Stream::kNever);
  far.set_write_deadline(net::Stream::kNever);
  auto body = std::make_unique<h1::BodyReader>(far, x.tunnel->in());
  body->start(Framing::until_close, 0);
  x.response_body = std::move(body);
  x.tasks.spawn(upload_to_tunnel(x));
  co_await send(x, true, std::nullopt);
  if (x.response_complete) co_await x.tasks.join();
}

net::Task<> ServerConnection::upload_to_tunnel(ServerExchange& x) {
  net::Stream& far = x.tunnel->stream();
  for (;;) {
    const BodyChunk chunk = co_await x.as_stream().body().read();
    if (chunk.error != BodyError::none) break;
    if (!chunk.data.empty() && co_await far.write(chunk.data) != 0) break;
    x.bytes_received += chunk.data.size();
    if (chunk.last) co_return co_await far.shutdown_write();
  }
  far.cancel();
}

}  // namespace fl::http::h2
