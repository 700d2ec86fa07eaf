#include "http/h2/stream.h"

#include <algorithm>
#include <utility>

#include "http/h2/connection.h"

namespace fl::http::h2 {
namespace {

constexpr size_t kLeastFrame = 1 << 10;  // room below which a DATA frame waits for the next write
constexpr Duration kLingerTime = 1s;

}  // namespace

void Stream::open(Connection& connection, int32_t id) {
  wire_ = &connection;
  id_ = id;
  closed_ = false;
  close_code_ = NGHTTP2_NO_ERROR;
}

void Stream::recycle() {
  if (!closed_) nghttp2_session_set_stream_user_data(wire_->session(), id_, nullptr);
  body_.recycle();
  stall_.cancel();
  source_ = nullptr;
  progress_ = nullptr;
  length_.reset();
  framed_ = 0;
  chunk_ = {};
  last_ = reading_ = wants_read_ = held_back_ = lingers_ = false;
  sent_ = {};
  wake_ = {};
  closed_ = true;
  wire_ = nullptr;
}

void Stream::reset(uint32_t code) {
  if (closed_) return;
  nghttp2_submit_rst_stream(wire_->session(), NGHTTP2_FLAG_NONE, id_, code);
  wire_->flush_later();
}

void Stream::abandon(uint32_t code) {
  if (closed_) return;
  reset(code);
  nghttp2_session_set_stream_user_data(wire_->session(), id_, nullptr);
  on_close(code);
}

void Stream::consume(size_t bytes) {
  if (closed_)
    nghttp2_session_consume_connection(wire_->session(), bytes);
  else
    nghttp2_session_consume(wire_->session(), id_, bytes);
  wire_->flush_later();
}

void Stream::start_sending(BodySource& source, std::optional<uint64_t> length, Arena& arena, uint64_t* progress) {
  source_ = &source;
  length_ = length;
  arena_ = &arena;
  progress_ = progress;
}

nghttp2_data_provider Stream::provider() {
  return {.source = {.ptr = this},
          .read_callback = [](nghttp2_session*, int32_t, uint8_t*, size_t room, uint32_t* flags,
                              nghttp2_data_source* source,
                              void*) { return static_cast<Stream*>(source->ptr)->on_provide(room, *flags); }};
}

void Stream::release() {
  if (!std::exchange(held_back_, false) || closed_) return;
  nghttp2_session_resume_data(wire_->session(), id_);
  wire_->flush();
}

// Puts the source's next chunk in chunk_, if it has one at hand.
bool Stream::take_next() {
  const BodyChunk chunk = source_->take();
  chunk_ = chunk.data;
  last_ = chunk.last;
  sent_.read_error = chunk.error;
  return chunk.ready();
}

ssize_t Stream::on_provide(size_t room, uint32_t& flags) {
  if (held_back_ || reading_) return NGHTTP2_ERR_DEFERRED;
  if (chunk_.empty() && !last_ && sent_.read_error == BodyError::none && !take_next()) {
    wants_read_ = true;
    wake_.notify();
    return NGHTTP2_ERR_DEFERRED;
  }
  if (sent_.read_error != BodyError::none) return fail_sending(sent_.read_error);
  if (chunk_.empty()) return provide_end(flags);

  const size_t free = wire_->output_room();
  if (free < kLeastFrame) return NGHTTP2_ERR_PAUSE;
  const size_t n = std::min({chunk_.size(), room, free});
  if (length_ && framed_ + n > *length_) return fail_sending(BodyError::truncated);
  flags |= NGHTTP2_DATA_FLAG_NO_COPY;
  if (last_ && n == chunk_.size()) {
    if (length_ && framed_ + n < *length_) return fail_sending(BodyError::truncated);
    provide_end(flags);
  }
  return static_cast<ssize_t>(n);
}

ssize_t Stream::provide_end(uint32_t& flags) {
  if (length_ && chunk_.empty() && framed_ < *length_) return fail_sending(BodyError::truncated);
  flags |= NGHTTP2_DATA_FLAG_EOF;
  if (const HeaderMap* fields = source_->trailers(); fields != nullptr && !fields->empty()) {
    const auto block = wire_->head_writer().trailers(*fields, *arena_);
    if (!block.empty() && nghttp2_submit_trailer(wire_->session(), id_, block.data(), block.size()) == 0)
      flags |= NGHTTP2_DATA_FLAG_NO_END_STREAM;
  }
  sent_.complete = true;
  wake_.notify();
  return 0;
}

ssize_t Stream::fail_sending(BodyError error) {
  sent_.read_error = error;
  wake_.notify();
  return NGHTTP2_ERR_TEMPORAL_CALLBACK_FAILURE;  // nghttp2 resets the stream with INTERNAL_ERROR
}

void Stream::on_framed(const uint8_t* frame_header, size_t length) {
  wire_->put_data_frame(frame_header, chunk_.substr(0, length));
  chunk_.remove_prefix(length);
  framed_ += length;
  if (progress_ != nullptr) *progress_ = framed_;
}

net::Task<Stream::Sent> Stream::sent() {
  wire_->flush();
  while (!closed_ && !sent_.complete && sent_.read_error == BodyError::none) {
    if (!std::exchange(wants_read_, false)) {
      arm_stall_timer();
      co_await wake_;
      continue;
    }
    stall_.cancel();
    reading_ = true;
    const BodyChunk chunk = co_await source_->read();
    reading_ = false;
    chunk_ = chunk.data;
    last_ = chunk.last;
    sent_.read_error = chunk.error;
    if (closed_) break;
    nghttp2_session_resume_data(wire_->session(), id_);
    wire_->flush();
    if (wire_->loop().budget() <= 0) co_await net::yield();
  }
  stall_.cancel();
  co_return sent_;
}

net::Task<> Stream::linger() {
  body_.abandon();
  lingers_ = true;
  if (!closed_) wire_->loop().timers().set(stall_, wire_->loop().now() + kLingerTime);
  while (!closed_) co_await wake_;
  stall_.cancel();
}

// The peer makes no room: it has the time of a stall until something is framed again.
void Stream::arm_stall_timer() {
  const Duration limit = wire_->options().stall_timeout;
  if (limit <= 0s || stall_.armed()) return;
  framed_at_stall_ = framed_;
  wire_->loop().timers().set(stall_, wire_->loop().now() + limit);
}

void Stream::on_stall(net::Timer& timer) {
  Stream& self = static_cast<StallTimer&>(timer).stream;
  if (self.lingers_) return self.reset(NGHTTP2_NO_ERROR);
  if (self.framed_ != self.framed_at_stall_) return self.arm_stall_timer();
  self.reset(NGHTTP2_CANCEL);
}

void Stream::on_close(uint32_t code) {
  // That the connection ends afterwards does not change why the stream was closed.
  if (!std::exchange(closed_, true)) close_code_ = code;
  const bool whole = sent_.complete && body_.ended();
  body_.fail(BodyError::truncated);
  if (!whole || code != NGHTTP2_NO_ERROR) on_abort();
  wake_.notify();
}

}  // namespace fl::http::h2
