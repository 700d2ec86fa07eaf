// One HTTP/2 connection, of either side: nghttp2's session on a net::Stream. What is to be sent during a turn of the
// loop is framed into one block and leaves in one write at the end of the turn. Worker thread; lives as long as its
// owner, which joins io() before it goes.
//
//   start() -> read_loop() -> [all streams told] -> finish() -> gone
//
// nghttp2 checks frames, keeps HPACK and flow control; FloodGuard sees each frame's header first. Message rules
// (RFC 9113 8) are HeadReader's.
#pragma once

#include <nghttp2/nghttp2.h>

#include <memory>
#include <optional>
#include <string_view>
#include <vector>

#include "http/h2/flood_guard.h"
#include "http/h2/frame_scanner.h"
#include "http/h2/head_reader.h"
#include "http/h2/head_writer.h"
#include "http/h2/stream.h"
#include "net/buffer.h"
#include "net/stream.h"
#include "net/task.h"

namespace fl::http::h2 {

class Connection {
 public:
  enum class Side : uint8_t { server, client };

  Connection(const Connection&) = delete;
  Connection& operator=(const Connection&) = delete;

  nghttp2_session* session() { return session_.get(); }
  net::Stream& stream() { return *stream_; }
  net::Loop& loop() { return stream_->loop(); }
  const Http2Options& options() const { return options_; }
  HeadWriter& head_writer() { return head_writer_; }
  // Nothing is framed any more.
  bool is_over() const { return framing_over_ || ended_; }

  // Frames what may be framed now; the bytes leave at the end of the loop's turn.
  void flush();
  // Frames it then, too.
  void flush_later();
  // Free bytes of the block, for the payload of a DATA frame.
  size_t output_room() const;
  void put_data_frame(const uint8_t* header, std::string_view payload);

 protected:
  // `in`: what was read from the stream already. `limits` and `options` outlive the connection.
  Connection(Side side, std::unique_ptr<net::Stream> stream, net::InBuffer in, const h1::HeadLimits& limits,
             const Http2Options& options);
  virtual ~Connection();

  // Sends our SETTINGS; from now on output leaves.
  void start();
  // Until the peer has closed or an error, a deadline, end() or a cancelled stream ends it. -> as Stream::fill()
  net::Task<ssize_t> read_loop();
  // Frames all that may be framed, and lets it leave if it can: many connections that end in one turn, as in a drain,
  // must not hold a block each.
  net::Task<> send_what_is_said();
  // nghttp2 is asked for nothing more: streams may go. What was framed is sent still.
  void stop_framing() { framing_over_ = true; }
  // Sends what is to be sent still, then nothing more.
  net::Task<> finish();
  // The connection ends with a GOAWAY of that code; what has not been answered is not going to be.
  void end(uint32_t code);
  bool ended() const { return ended_; }
  // Nothing more is to be expected from the peer.
  bool done() { return nghttp2_session_want_read(session()) == 0; }
  // The peer is in the middle of a frame or a header block.
  bool within_block() const {
    return block_open_ || (scanner_.within_frame() && scanner_.header().type != FrameType::data);
  }
  void act_on(Verdict verdict);

  // ---- what nghttp2 tells; nothing in these may call flush()
  virtual void on_begin_headers(const nghttp2_frame& frame, Stream* stream) = 0;
  virtual void on_end_headers(const nghttp2_frame& frame, Stream* stream) = 0;
  virtual void on_data(Stream& stream, std::string_view data) = 0;
  virtual void on_end_stream(Stream& stream) = 0;
  virtual void on_reset(Stream* stream, uint32_t code, bool by_peer) = 0;
  virtual void on_stream_closed() {}
  virtual void on_settings() {}
  virtual void on_goaway() {}
  virtual void on_ping_ack() {}
  // ---- what the loop tells
  virtual void before_read() = 0;    // sets the read deadline
  virtual void after_receive() = 0;  // nghttp2 has taken in what was read
  virtual void on_wind_down() = 0;   // no new streams are to be taken
  virtual void on_write_failed() {}

  const h1::HeadLimits& limits_;
  const Http2Options& options_;
  FloodGuard guard_;
  HeadReader head_reader_;
  HeadWriter head_writer_;

 private:
  struct Callbacks;
  struct SessionDeleter {
    void operator()(nghttp2_session* session) const { nghttp2_session_del(session); }
  };

  void announce_streams();
  bool receive();
  void feed(std::string_view bytes);
  bool may_be_closed(const FrameHeader& frame);
  void remember_reset(uint32_t id);
  bool knows_stream(uint32_t id);
  void frame_output();
  net::Task<> write_loop();
  void fail_writing();

  const Side side_;
  std::unique_ptr<net::Stream> stream_;
  net::InBuffer in_;
  std::unique_ptr<nghttp2_session, SessionDeleter> session_;
  FrameScanner scanner_;
  bool block_open_ = false;            // HEADERS without END_HEADERS yet
  uint32_t last_stream_ = 0;           // opened by the client
  std::vector<uint32_t> reset_by_us_;  // the last kResetsKept
  size_t resets_ = 0;

  std::optional<net::Block> out_;  // leased while it holds anything
  size_t out_begin_ = 0, out_end_ = 0;
  bool inside_nghttp2_ = false;
  bool writing_ = false;  // a write waits for the socket
  bool finishing_ = false;
  bool framing_over_ = false;
  bool ended_ = false;
  net::Wake write_wake_;
  net::Wake written_;  // the reader waits for output to leave
  bool reader_waits_ = false;
  net::TaskScope io_;
};

}  // namespace fl::http::h2
