// The body of a request to a server of HTTP/2, the beginning of it kept: a server that refuses a request unseen has
// not looked at its body either (RFC 9113 8.7), so that all of it can go to another connection, POST or not. Bytes pass
// as they come; nothing waits for the copy. Worker thread; in the exchange's arena, for an upload may outlast its
// handler.
//
//   [take(), read() ... of an attempt -> abandon() -> rewind()] ... -> stop_keeping(), or end() without an answer
#pragma once

#include <optional>

#include "http/exchange.h"
#include "net/wake.h"

namespace fl::proxy {

class KeptUpload final : public http::BodySource {
 public:
  static constexpr size_t kMostBytes = 16 << 10;  // a longer body is sent once

  // Puts itself in front of the exchange's body. Nothing is copied when that is known to be longer.
  static KeptUpload& start(http::Exchange& x);

  // For another attempt, the one before having ended. -> the body is there from its first byte
  bool rewind();
  // There will be no other attempt: this one has its answer and may read on.
  void stop_keeping() { keeps_ = false; }
  // There will be no other attempt, and nobody reads any more. -> the body is whole still, for whoever tries elsewhere
  net::Task<bool> end();

  http::BodyChunk take() override;
  net::Task<http::BodyChunk> read() override;
  std::optional<uint64_t> remaining() const override;
  const http::HeaderMap* trailers() const override { return body_.trailers(); }
  // Of an attempt, as long as there may be another one: what waits for the client's bytes goes on without a reader.
  void abandon() noexcept override;

 private:
  explicit KeptUpload(http::Exchange& x);

  net::Task<http::BodyChunk> read_kept();
  net::Detached fetch();
  void keep(const http::BodyChunk& chunk);
  bool make_room(size_t bytes);

  http::Exchange& x_;
  http::BodySource& body_;
  const size_t limit_;       // 0: longer than may be kept, which is known
  const size_t first_room_;  // what is asked for at first
  char* kept_ = nullptr;
  size_t size_ = 0, room_ = 0;
  size_t replayed_ = 0;      // of size_, in this attempt
  bool keeps_ = true;        // all that was taken is here
  bool abandoned_ = false;   // this attempt
  bool fetching_ = false;    // body_.read() is under way
  http::BodyChunk fetched_;  // what it gave, not yet taken
  http::BodyChunk end_;      // how the body has ended
  net::Wake wake_;           // fetching_ or abandoned_ has changed
};

}  // namespace fl::proxy
