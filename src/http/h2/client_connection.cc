#include "http/h2/client_connection.h"

#include <algorithm>

#include "http/h2/client_stream.h"

namespace fl::http {

SharedConnection& make_http2_client(SharedConnectionPool& pool, std::unique_ptr<net::Stream> stream,
                                    const Http2ClientOptions& options) {
  auto* connection = new h2::ClientConnection(pool, std::move(stream), options);
  connection->run();
  return *connection;
}

}  // namespace fl::http

namespace fl::http::h2 {
namespace {

constexpr size_t kMaxStreams = 250;  // we open on one connection, whatever the server would take

// What a server may do to us: as much as a client, but heads of ours are of no concern to it.
const h1::HeadLimits kLimits{};
const Http2Options kOptions{.stall_timeout = 0s};  // how long a server may think is not ours to say

}  // namespace

ClientConnection::ClientConnection(SharedConnectionPool& pool, std::unique_ptr<net::Stream> stream,
                                   const Http2ClientOptions& options)
    : Connection(Side::client, std::move(stream), {}, kLimits, kOptions),
      pool_(&pool),
      client_options_(options),
      last_read_(loop().now()),
      idle_since_(last_read_),
      timer_(*this) {}

std::unique_ptr<http::ClientConnection> ClientConnection::open() {
  if (going_) return nullptr;
  const uint32_t theirs = nghttp2_session_get_remote_settings(session(), NGHTTP2_SETTINGS_MAX_CONCURRENT_STREAMS);
  if (streams_.size() >= std::min<size_t>(theirs, kMaxStreams)) return nullptr;
  return std::make_unique<ClientStream>(*this);
}

void ClientConnection::add(ClientStream& stream) {
  stream.index = streams_.size();
  streams_.push_back(&stream);
  guard_.on_stream_opened(loop().now());
  if (client_options_.read_idle_timeout > 0s && streams_.size() == 1) {
    last_read_ = loop().now();
    arm(client_options_.read_idle_timeout);
  }
}

void ClientConnection::remove(ClientStream& stream) {
  streams_.back()->index = stream.index;
  streams_[stream.index] = streams_.back();
  streams_.pop_back();
  ++served_;
  if (!streams_.empty()) return;
  idle_since_ = loop().now();
  streams_gone_.notify();
  if (going_)
    this->stream().cancel_read();
  else if (client_options_.idle_timeout > 0s)
    arm(client_options_.idle_timeout);
}

net::Detached ClientConnection::serve() {
  start();
  co_await read_loop();
  go();
  flush();
  abort_all();
  timer_.cancel();
  while (!streams_.empty()) co_await streams_gone_;
  co_await finish();
  delete this;
}

void ClientConnection::go() {
  if (std::exchange(going_, true)) return;
  if (pool_ != nullptr) std::exchange(pool_, nullptr)->on_ended(*this);
  if (streams_.empty()) stream().cancel_read();
}

void ClientConnection::close() noexcept {
  pool_ = nullptr;
  going_ = true;
  end(NGHTTP2_NO_ERROR);
}

void ClientConnection::abort_all() {
  stop_framing();
  for (size_t i = 0; i < streams_.size(); ++i) {
    Stream& stream = streams_[i]->as_stream();
    // nghttp2 opens a stream with its HEADERS: one that it does not know was still to be sent.
    const bool sent = nghttp2_session_find_stream(session(), stream.id()) != nullptr;
    stream.on_close(sent ? NGHTTP2_CANCEL : NGHTTP2_REFUSED_STREAM);
  }
}

// ---- signs of life

void ClientConnection::arm(Duration after) { loop().timers().set(timer_, loop().now() + after); }

void ClientConnection::on_timer() {
  const TimePoint now = loop().now();
  if (streams_.empty()) {
    if (client_options_.idle_timeout <= 0s) return;
    const Duration idle = now - idle_since_;
    if (idle < client_options_.idle_timeout) return arm(client_options_.idle_timeout - idle);
    go();
    return end(NGHTTP2_NO_ERROR);
  }
  if (client_options_.read_idle_timeout <= 0s) return;
  const Duration silent = now - last_read_;
  if (silent < client_options_.read_idle_timeout) {
    ping_sent_ = false;
    return arm(client_options_.read_idle_timeout - silent);
  }
  if (std::exchange(ping_sent_, true)) return stream().cancel_read();  // dead: its exchanges fail
  nghttp2_submit_ping(session(), NGHTTP2_FLAG_NONE, nullptr);
  flush();
  arm(client_options_.ping_timeout);
}

// ---- from the server

// The first ones answer those who wait to know. nghttp2 takes nothing else for the first frame.
void ClientConnection::on_settings() {
  if (std::exchange(greeted_, true)) return;
  for (ClientStream* stream : streams_) stream->on_greeted();
}

bool ClientConnection::takes_extended_connect() {
  return nghttp2_session_get_remote_settings(session(), NGHTTP2_SETTINGS_ENABLE_CONNECT_PROTOCOL) != 0;
}

void ClientConnection::on_begin_headers(const nghttp2_frame&, Stream* stream) {
  if (stream == nullptr)
    head_reader_.begin_ignored();
  else
    ClientStream::of(*stream).on_begin_headers(head_reader_);
}

void ClientConnection::on_end_headers(const nghttp2_frame& frame, Stream* stream) {
  if (stream == nullptr) return;
  ClientStream::of(*stream).on_end_headers(head_reader_, (frame.hd.flags & NGHTTP2_FLAG_END_STREAM) != 0);
}

void ClientConnection::on_data(Stream& stream, std::string_view data) { ClientStream::of(stream).on_data(data); }
void ClientConnection::on_end_stream(Stream& stream) { ClientStream::of(stream).on_end_stream(); }

}  // namespace fl::http::h2
