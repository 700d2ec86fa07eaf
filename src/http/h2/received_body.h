// The body that comes on one HTTP/2 stream. What has come and is not read yet is kept here, at most a stream window of
// it: the peer is told of room only when the reader has moved on. Worker thread; lives in its stream.
#pragma once

#include <cstdint>
#include <optional>
#include <string>

#include "http/body.h"
#include "net/wake.h"

namespace fl::http::h2 {

class Stream;

class ReceivedBody : public BodySource {
 public:
  explicit ReceivedBody(Stream& stream) : stream_(stream) {}

  // `length`: as Content-Length says, if it does.
  void start(std::optional<uint64_t> length);
  // Its memory is for the next stream now.
  void recycle();

  // ---- from the connection; false: not what Content-Length promised
  bool on_data(std::string_view data);
  bool on_end();
  void fail(BodyError error);
  // Fields behind the body; to be filled before on_end().
  HeaderMap& received_trailers() { return trailers_; }

  bool ended() const { return ended_; }
  BodyError error() const { return error_; }
  bool is_read_to_end() const { return ended_ && pending_.empty() && held_.empty(); }

  // ---- BodySource
  BodyChunk take() override;
  net::Task<BodyChunk> read() override;
  std::optional<uint64_t> remaining() const override;
  const HeaderMap* trailers() const override { return ended_ ? &trailers_ : nullptr; }
  void abandon() noexcept override;

 protected:
  // Before a read waits for bytes: the server's chance to say 100 Continue.
  virtual void before_wait() {}

 private:
  void give_back(size_t bytes);

  Stream& stream_;
  std::string held_;              // what the reader was given last
  std::string pending_;           // what has come since
  std::optional<uint64_t> left_;  // to come
  bool ended_ = true;
  BodyError error_ = BodyError::none;
  HeaderMap trailers_;
  net::Wake wake_;
};

}  // namespace fl::http::h2
