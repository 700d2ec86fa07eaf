// One HTTP/2 stream, of either side: the body that comes on it and the body that is sent on it. Worker thread; lives in
// an exchange (server) or in the connection to a server's (client) and is reused from stream to stream.
//
//   open -> [start_sending() -> head with provider() given to nghttp2 -> co_await sent()] -> closed -> recycle()
//
// nghttp2 closes a stream when both sides have ended or one has reset it; what still waits then comes back.
#pragma once

#include <nghttp2/nghttp2.h>

#include <cstdint>
#include <optional>

#include "base/arena.h"
#include "http/body.h"
#include "http/h2/received_body.h"
#include "net/timer_wheel.h"
#include "net/wake.h"

namespace fl::http::h2 {

class Connection;

class Stream {
 public:
  explicit Stream(ReceivedBody& body) : body_(body), stall_(*this) {}
  virtual ~Stream() = default;
  Stream(const Stream&) = delete;
  Stream& operator=(const Stream&) = delete;

  void open(Connection& connection, int32_t id);
  // nghttp2 knows it no longer; the connection may have no more than a moment to live.
  void recycle();

  int32_t id() const { return id_; }
  bool closed() const { return closed_; }
  uint32_t close_code() const { return close_code_; }  // NGHTTP2_NO_ERROR unless it was reset
  ReceivedBody& body() { return body_; }

  // Ends it from our side; when nghttp2 has it still.
  void reset(uint32_t code);
  // The same, and nothing more is heard of it.
  void abandon(uint32_t code);
  // The reader of body() has moved on: the peer may send as many bytes more.
  void consume(size_t bytes);

  // ---- sending a body
  struct Sent {
    BodyError read_error = BodyError::none;  // of the source; one that ends early or late is `truncated`
    bool complete = false;                   // all of it was framed, its end too
  };
  // `length`: bytes it has to have. `progress` is kept up to date with the bytes framed.
  void start_sending(BodySource& source, std::optional<uint64_t> length, Arena& arena, uint64_t* progress);
  nghttp2_data_provider provider();
  // Reads from the source what it does not have at hand, until all is framed or the stream has closed.
  net::Task<Sent> sent();
  // All is sent; what still comes is dropped until the peer ends it too, or is told to stop after a moment.
  net::Task<> linger();
  // What is sent waits until the next call of this: the peer has to say first that it wants it.
  void hold_back() { held_back_ = true; }
  bool is_held_back() const { return held_back_; }
  void release();

  // ---- from the connection
  ssize_t on_provide(size_t room, uint32_t& flags);
  void on_framed(const uint8_t* frame_header, size_t length);
  void on_close(uint32_t code);

 protected:
  // It was reset, or its connection has gone, before its end.
  virtual void on_abort() noexcept {}

 private:
  bool take_next();
  ssize_t provide_end(uint32_t& flags);
  ssize_t fail_sending(BodyError error);
  void arm_stall_timer();
  static void on_stall(net::Timer& timer);

  ReceivedBody& body_;
  Connection* wire_ = nullptr;
  int32_t id_ = 0;
  bool closed_ = true;
  uint32_t close_code_ = 0;

  BodySource* source_ = nullptr;
  Arena* arena_ = nullptr;
  std::optional<uint64_t> length_;
  uint64_t* progress_ = nullptr;
  uint64_t framed_ = 0;
  std::string_view chunk_;   // of the source, not framed yet
  bool last_ = false;        // it is the source's last
  bool reading_ = false;     // sent() waits in the source's read()
  bool wants_read_ = false;  // nghttp2 was told that there is nothing at hand
  bool held_back_ = false;
  bool lingers_ = false;
  Sent sent_;
  net::Wake wake_;
  struct StallTimer : net::Timer {
    Stream& stream;
    explicit StallTimer(Stream& s) : Timer(&Stream::on_stall), stream(s) {}
  } stall_;
  uint64_t framed_at_stall_ = 0;
};

}  // namespace fl::http::h2
