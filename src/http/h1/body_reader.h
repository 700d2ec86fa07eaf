// A message body on an HTTP/1 connection, framed by length, chunks or the connection's end. Reads from the
// connection's buffer first, in place. Worker thread; lives as long as its exchange.
#pragma once

#include "http/body.h"
#include "http/h1/chunked.h"

namespace fl::http::h1 {

class BodyReader : public BodySource {
 public:
  BodyReader(net::Stream& stream, net::InBuffer& in) : stream_(stream), in_(in) {}

  // Begins a body; the buffer's next byte is its first.
  void start(Framing framing, uint64_t length);
  // Gives the last chunk's bytes back to the buffer; the buffer then begins behind what was taken.
  void release();
  bool ended() const { return ended_; }
  BodyError error() const { return error_; }
  // What is malformed; empty unless that is the error. Lives for ever.
  std::string_view fault() const { return chunked_.error(); }

  BodyChunk take() override;
  net::Task<BodyChunk> read() override;
  std::optional<uint64_t> remaining() const override;
  const HeaderMap* trailers() const override;
  net::TcpStream* raw() override;
  void skip(uint64_t bytes) override;
  // Cancels reading from the connection for good: it can carry no other message.
  void abandon() noexcept override;

 protected:
  // Before the first wait for bytes of this body: the server's chance to say 100 Continue. -> 0 | -errno
  virtual net::Task<int> before_wait();
  virtual bool wants_before_wait() const { return false; }

 private:
  BodyChunk fail(BodyError error);

  net::Stream& stream_;
  net::InBuffer& in_;
  Framing framing_ = Framing::none;
  bool ended_ = true;
  BodyError error_ = BodyError::none;
  uint64_t left_ = 0;
  size_t held_ = 0;  // bytes at the buffer's front that the last chunk came from
  ChunkedDecoder chunked_;
};

// What a failed read or write on a connection means for a body.
BodyError body_error(ssize_t result);

}  // namespace fl::http::h1
