// The body of a message as a stream with back-pressure: nothing is read from the peer before it is asked for.
// Worker thread; lives as long as its exchange.
//
//   take() -> chunk with data | chunk that is the last | nothing yet: co_await read()
//
// A chunk stays valid until the next take() or read(). After `last` or an error nothing more comes.
#pragma once

#include <cstdint>
#include <optional>
#include <string_view>

#include "http/header_map.h"
#include "net/frame_pool.h"
#include "net/stream.h"
#include "net/task.h"

namespace fl::http {

enum class BodyError : uint8_t {
  none,
  truncated,  // the peer closed before the end
  malformed,  // chunked coding violated
  too_large,  // over the limit that was set
  timeout,
  canceled,
  broken,  // connection failed
};

struct BodyChunk {
  std::string_view data;
  bool last = false;  // the body ends with this chunk, which may be empty
  BodyError error = BodyError::none;

  bool ready() const { return !data.empty() || last || error != BodyError::none; }
};

class BodySource {
 public:
  virtual ~BodySource() = default;

  // What is there without waiting; a chunk that is not ready() when more must be waited for.
  virtual BodyChunk take() = 0;
  // Waits for the next chunk, the end or an error.
  virtual net::Task<BodyChunk> read() = 0;

  // Bytes from here to the end when known beforehand; nullopt for chunked and read-until-close bodies.
  virtual std::optional<uint64_t> remaining() const = 0;
  // Fields after a chunked body; empty before the end and for other bodies.
  virtual const HeaderMap* trailers() const { return nullptr; }

  // The connection whose next remaining() bytes are the rest of this body, for splicing; null when bytes of it are
  // buffered, coded or encrypted. After moving n bytes the caller says skip(n).
  virtual net::TcpStream* raw() { return nullptr; }
  virtual void skip(uint64_t) {}

  // Nobody will read on: what waits for this body completes with an error, and so does every later read.
  virtual void abandon() noexcept {}

  static void* operator new(size_t size) { return net::allocate_frame(size); }
  static void operator delete(void* p, size_t size) noexcept { net::free_frame(p, size); }
};

// A body that is all there: an error page, an API answer. The text must outlive it.
class TextBody final : public BodySource {
 public:
  explicit TextBody(std::string_view text) : text_(text) {}
  BodyChunk take() override { return {std::exchange(text_, {}), true, BodyError::none}; }
  net::Task<BodyChunk> read() override { co_return take(); }
  std::optional<uint64_t> remaining() const override { return text_.size(); }

 private:
  std::string_view text_;
};

// The same, keeping the text itself.
class OwnedTextBody final : public BodySource {
 public:
  explicit OwnedTextBody(std::string text) : text_(std::move(text)) {}
  BodyChunk take() override {
    const std::string_view all = std::exchange(taken_, true) ? std::string_view{} : std::string_view(text_);
    return {all, true, BodyError::none};
  }
  net::Task<BodyChunk> read() override { co_return take(); }
  std::optional<uint64_t> remaining() const override { return taken_ ? 0 : text_.size(); }

 private:
  std::string text_;
  bool taken_ = false;
};

}  // namespace fl::http
