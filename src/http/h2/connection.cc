#include "http/h2/connection.h"

#include <algorithm>
#include <cerrno>
#include <cstring>

namespace fl::http::h2 {
namespace {

constexpr size_t kPrefaceBytes = 24;
constexpr size_t kFrameHeaderBytes = 9;
constexpr size_t kMaxPiece =
    (16 << 10) + 256;                      // of nghttp2's output at a time: a frame that is not DATA, or a part of it
constexpr size_t kMaxQueuedFrames = 1000;  // not yet framed; beyond them nothing is read
constexpr size_t kResetsKept = 256;        // streams whose frames may cross our reset on their way
constexpr Duration kFinishTime = 5s;

std::string_view text(const uint8_t* data, size_t size) { return {reinterpret_cast<const char*>(data), size}; }

}  // namespace

// nghttp2's C callbacks, each passed on to the connection.
struct Connection::Callbacks {
  static Connection& of(void* user_data) { return *static_cast<Connection*>(user_data); }
  static Stream* stream(nghttp2_session* session, int32_t id) {
    return static_cast<Stream*>(nghttp2_session_get_stream_user_data(session, id));
  }

  static int begin_headers(nghttp2_session* session, const nghttp2_frame* frame, void* user_data) {
    of(user_data).on_begin_headers(*frame, stream(session, frame->hd.stream_id));
    return 0;
  }
  static int header(nghttp2_session*, const nghttp2_frame*, const uint8_t* name, size_t name_size, const uint8_t* value,
                    size_t value_size, uint8_t, void* user_data) {
    of(user_data).head_reader_.add(text(name, name_size), text(value, value_size));
    return 0;
  }
  static int frame(nghttp2_session* session, const nghttp2_frame* frame, void* user_data) {
    Connection& c = of(user_data);
    const nghttp2_frame_hd& hd = frame->hd;
    switch (hd.type) {
      case NGHTTP2_HEADERS: {
        Stream* const s = stream(session, hd.stream_id);
        c.on_end_headers(*frame, s);
        break;
      }
      case NGHTTP2_DATA:
        if ((hd.flags & NGHTTP2_FLAG_END_STREAM) != 0)
          if (Stream* const s = stream(session, hd.stream_id)) c.on_end_stream(*s);
        break;
      case NGHTTP2_RST_STREAM: c.on_reset(stream(session, hd.stream_id), frame->rst_stream.error_code, true); break;
      case NGHTTP2_SETTINGS: c.on_settings(); break;
      case NGHTTP2_GOAWAY: c.on_goaway(); break;
      case NGHTTP2_PING:
        if ((hd.flags & NGHTTP2_FLAG_ACK) != 0) c.on_ping_ack();
        break;
      default: break;
    }
    return 0;
  }
  static int data_chunk(nghttp2_session* session, uint8_t, int32_t id, const uint8_t* data, size_t size,
                        void* user_data) {
    if (Stream* const s = stream(session, id))
      of(user_data).on_data(*s, text(data, size));
    else
      nghttp2_session_consume(session, id, size);  // for a stream that we are done with
    return 0;
  }
  static int frame_sent(nghttp2_session* session, const nghttp2_frame* frame, void* user_data) {
    if (frame->hd.type != NGHTTP2_RST_STREAM) return 0;
    Connection& c = of(user_data);
    c.remember_reset(static_cast<uint32_t>(frame->hd.stream_id));
    c.on_reset(stream(session, frame->hd.stream_id), frame->rst_stream.error_code, false);
    return 0;
  }
  static int stream_closed(nghttp2_session* session, int32_t id, uint32_t code, void* user_data) {
    if (Stream* const s = stream(session, id)) s->on_close(code);
    of(user_data).on_stream_closed();
    return 0;
  }
  static int send_data(nghttp2_session*, nghttp2_frame*, const uint8_t* header, size_t length,
                       nghttp2_data_source* source, void* user_data) {
    static_cast<Stream*>(source->ptr)->on_framed(header, length);
    of(user_data).guard_.on_data_sent();
    return 0;
  }

  static const nghttp2_session_callbacks* table() {
    static const nghttp2_session_callbacks* const shared = [] {
      nghttp2_session_callbacks* t = nullptr;
      FL_CHECK(nghttp2_session_callbacks_new(&t) == 0);
      nghttp2_session_callbacks_set_on_begin_headers_callback(t, begin_headers);
      nghttp2_session_callbacks_set_on_header_callback(t, header);
      nghttp2_session_callbacks_set_on_frame_recv_callback(t, frame);
      nghttp2_session_callbacks_set_on_data_chunk_recv_callback(t, data_chunk);
      nghttp2_session_callbacks_set_on_frame_send_callback(t, frame_sent);
      nghttp2_session_callbacks_set_on_stream_close_callback(t, stream_closed);
      nghttp2_session_callbacks_set_send_data_callback(t, send_data);
      return t;
    }();
    return shared;
  }
};

Connection::Connection(Side side, std::unique_ptr<net::Stream> stream, net::InBuffer in, const h1::HeadLimits& limits,
                       const Http2Options& options)
    : limits_(limits),
      options_(options),
      guard_(options),
      head_reader_(limits),
      side_(side),
      stream_(std::move(stream)),
      in_(std::move(in)),
      scanner_(side == Side::server ? kPrefaceBytes : 0) {
  nghttp2_option* option = nullptr;
  FL_CHECK(nghttp2_option_new(&option) == 0);
  nghttp2_option_set_no_auto_window_update(option, 1);
  nghttp2_option_set_no_http_messaging(option, 1);  // HeadReader's business
  nghttp2_option_set_no_closed_streams(option, 1);
  nghttp2_option_set_max_deflate_dynamic_table_size(option, options.encoder_table_bytes);
  nghttp2_option_set_max_send_header_block_length(option, size_t{limits.max_head_bytes} * 2);
  // FloodGuard is asked first, and has the last word.
  nghttp2_option_set_stream_reset_rate_limit(option, UINT64_MAX, UINT64_MAX);
  nghttp2_option_set_max_continuations(option, size_t{options.max_continuations} + 1);
  nghttp2_session* session = nullptr;
  FL_CHECK((side == Side::server ? nghttp2_session_server_new2(&session, Callbacks::table(), this, option)
                                 : nghttp2_session_client_new2(&session, Callbacks::table(), this, option)) == 0);
  nghttp2_option_del(option);
  session_.reset(session);
}

Connection::~Connection() = default;

void Connection::start() {
  std::vector<nghttp2_settings_entry> settings;
  if (options_.decoder_table_bytes != NGHTTP2_DEFAULT_HEADER_TABLE_SIZE)
    settings.push_back({NGHTTP2_SETTINGS_HEADER_TABLE_SIZE, options_.decoder_table_bytes});
  if (options_.stream_window_bytes != NGHTTP2_INITIAL_WINDOW_SIZE)
    settings.push_back({NGHTTP2_SETTINGS_INITIAL_WINDOW_SIZE, options_.stream_window_bytes});
  settings.push_back({NGHTTP2_SETTINGS_MAX_HEADER_LIST_SIZE, limits_.max_head_bytes});
  if (side_ == Side::server) {
    settings.push_back({NGHTTP2_SETTINGS_MAX_CONCURRENT_STREAMS, INT32_MAX});  // for nghttp2: announce_streams()
    settings.push_back({NGHTTP2_SETTINGS_ENABLE_CONNECT_PROTOCOL, 1});
    settings.push_back({NGHTTP2_SETTINGS_NO_RFC7540_PRIORITIES, 1});
  } else {
    settings.push_back({NGHTTP2_SETTINGS_ENABLE_PUSH, 0});
  }
  FL_CHECK(nghttp2_submit_settings(session(), NGHTTP2_FLAG_NONE, settings.data(), settings.size()) == 0);
  if (side_ == Side::server) announce_streams();
  nghttp2_session_set_local_window_size(session(), NGHTTP2_FLAG_NONE, 0,
                                        static_cast<int32_t>(options_.connection_window_bytes));
  io_.spawn(write_loop());
  flush();
}

// Who opens one stream more than we allow has that one refused (RFC 9113 5.1.2). nghttp2 would end the connection, so
// it believes that all are allowed, and the number goes into our SETTINGS on their way out.
void Connection::announce_streams() {
  frame_output();
  FL_CHECK(out_ && out_begin_ == 0 && out_->data()[3] == NGHTTP2_SETTINGS);
  constexpr size_t kEntryBytes = 6;
  for (size_t at = kFrameHeaderBytes; at + kEntryBytes <= out_end_; at += kEntryBytes) {
    char* const entry = out_->data() + at;
    if (entry[0] != 0 || entry[1] != NGHTTP2_SETTINGS_MAX_CONCURRENT_STREAMS) continue;
    for (size_t i = 0; i < 4; ++i) entry[2 + i] = static_cast<char>(options_.max_concurrent_streams >> (24 - 8 * i));
  }
}

// ---- in

net::Task<ssize_t> Connection::read_loop() {
  ssize_t result = 1;
  while (!ended_) {
    if (in_.empty()) {
      in_.release_if_empty();
      before_read();
      result = co_await stream_->fill(in_);
      if (result <= 0) break;
    }
    if (!receive()) break;
    if (loop().budget() <= 0) co_await net::yield();
    // Who does not read our answers is not asked for more.
    while (writing_ && !ended_ && nghttp2_session_get_outbound_queue_size(session()) > kMaxQueuedFrames) {
      reader_waits_ = true;
      co_await written_;
    }
  }
  co_return result;
}

// Frames are looked at before nghttp2 keeps any of them. -> go on
bool Connection::receive() {
  std::string_view bytes = in_.view();
  const char* fed = bytes.data();
  while (!ended_ && scanner_.next(bytes)) {
    const FrameHeader& frame = scanner_.header();
    act_on(guard_.on_frame(frame, loop().now()));
    switch (frame.type) {
      case FrameType::headers:
      case FrameType::continuation: block_open_ = !frame.has(kEndHeaders); break;
      case FrameType::priority:
        if (frame.stream == 0) end(NGHTTP2_PROTOCOL_ERROR);  // which nghttp2 overlooks, as all of priority
        break;
      default: break;
    }
    if (ended_ || !may_be_closed(frame)) continue;
    const char* const header = std::max(fed, bytes.data() - kFrameHeaderBytes);
    feed({fed, static_cast<size_t>(header - fed)});
    fed = header;
    if (!knows_stream(frame.stream)) end(NGHTTP2_STREAM_CLOSED);
  }
  if (!ended_) feed({fed, static_cast<size_t>(bytes.data() + bytes.size() - fed)});
  in_.consume(in_.size());
  after_receive();
  flush();
  return !ended_ && !done();
}

void Connection::feed(std::string_view bytes) {
  inside_nghttp2_ = true;
  const ssize_t taken =
      nghttp2_session_mem_recv(session(), reinterpret_cast<const uint8_t*>(bytes.data()), bytes.size());
  inside_nghttp2_ = false;
  if (taken < 0) end(taken == NGHTTP2_ERR_FLOODED ? NGHTTP2_ENHANCE_YOUR_CALM : NGHTTP2_PROTOCOL_ERROR);
}

// A request or a part of one on a stream that was opened before: nghttp2 says nothing when it has been closed since.
bool Connection::may_be_closed(const FrameHeader& frame) {
  if (side_ == Side::client || (frame.type != FrameType::headers && frame.type != FrameType::data)) return false;
  if (frame.stream <= last_stream_) return true;
  if (frame.type == FrameType::headers) last_stream_ = frame.stream;
  return false;
}

void Connection::remember_reset(uint32_t id) {
  if (reset_by_us_.size() < kResetsKept)
    reset_by_us_.push_back(id);
  else
    reset_by_us_[resets_ % kResetsKept] = id;
  ++resets_;
}

// RFC 9113 5.1: nothing may come on a closed stream, but what crossed our reset on its way.
bool Connection::knows_stream(uint32_t id) {
  return nghttp2_session_find_stream(session(), static_cast<int32_t>(id)) != nullptr ||
         std::ranges::find(reset_by_us_, id) != reset_by_us_.end();
}

void Connection::act_on(Verdict verdict) {
  if (verdict == Verdict::calm) end(NGHTTP2_ENHANCE_YOUR_CALM);
  if (verdict == Verdict::wind_down && !ended_) on_wind_down();
}

void Connection::end(uint32_t code) {
  if (std::exchange(ended_, true)) return;
  nghttp2_session_terminate_session(session(), code);
  flush_later();
  stream_->cancel_read();
  if (std::exchange(reader_waits_, false)) written_.notify();
}

// ---- out

size_t Connection::output_room() const {
  const size_t used = out_end_ + kFrameHeaderBytes;
  return used >= net::Block::size() ? 0 : net::Block::size() - used;
}

void Connection::put_data_frame(const uint8_t* header, std::string_view payload) {
  if (!out_) out_.emplace();
  char* const at = out_->data() + out_end_;
  std::memcpy(at, header, kFrameHeaderBytes);
  std::memcpy(at + kFrameHeaderBytes, payload.data(), payload.size());
  out_end_ += kFrameHeaderBytes + payload.size();
}

void Connection::frame_output() {
  if (framing_over_) return;
  inside_nghttp2_ = true;
  while (net::Block::size() - out_end_ >= kMaxPiece) {
    const uint8_t* piece = nullptr;
    const ssize_t n = nghttp2_session_mem_send(session(), &piece);
    if (n <= 0) break;
    if (!out_) out_.emplace();
    FL_CHECK(static_cast<size_t>(n) <= net::Block::size() - out_end_);
    std::memcpy(out_->data() + out_end_, piece, static_cast<size_t>(n));
    out_end_ += static_cast<size_t>(n);
  }
  inside_nghttp2_ = false;
}

void Connection::flush() {
  if (!inside_nghttp2_) frame_output();
  flush_later();
}

void Connection::flush_later() {
  if (!writing_) write_wake_.notify();
}

net::Task<> Connection::write_loop() {
  const Duration limit = options_.stall_timeout;
  do {
    co_await write_wake_;
    frame_output();
    while (out_begin_ < out_end_) {
      const Duration allowed = finishing_ ? kFinishTime : limit;
      stream_->set_write_deadline(allowed > 0s ? loop().now() + allowed : net::Stream::kNever);
      const size_t until = out_end_;  // more may be put behind it meanwhile
      writing_ = true;
      const int error = co_await stream_->write({out_->data() + out_begin_, until - out_begin_});
      writing_ = false;
      if (error != 0) {
        fail_writing();
        co_return;
      }
      loop().spend(until - out_begin_);
      out_begin_ = until;
      if (out_begin_ == out_end_) out_begin_ = out_end_ = 0;
      frame_output();
      if (std::exchange(reader_waits_, false)) written_.notify();
      if (loop().budget() <= 0) co_await net::yield();
    }
    out_.reset();
  } while (!finishing_);
}

void Connection::fail_writing() {
  stop_framing();
  ended_ = true;
  out_.reset();
  out_begin_ = out_end_ = 0;
  stream_->cancel_read();
  if (std::exchange(reader_waits_, false)) written_.notify();
  on_write_failed();
}

net::Task<> Connection::send_what_is_said() {
  flush_later();
  co_await net::yield();  // behind write_loop()
  flush();                // unless that waits for the socket, nothing is left for this
}

net::Task<> Connection::finish() {
  finishing_ = true;
  flush_later();
  co_await io_.join();
}

}  // namespace fl::http::h2
