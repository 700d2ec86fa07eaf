// A request's body kept in its exchange's memory, so that it can be sent more than once. Worker thread; lives as long
// as the exchange.
#pragma once

#include <cstdint>
#include <limits>

#include "http/exchange.h"

namespace fl::proxy {

class HeldBody {
 public:
  // A limit as options have it: bytes, negative is none.
  static constexpr uint64_t kNoLimit = std::numeric_limits<uint64_t>::max();
  static constexpr uint64_t limit_of(int64_t option) { return option < 0 ? kNoLimit : static_cast<uint64_t>(option); }

  // Reads the exchange's body to its end, or until it is longer than `limit` bytes. -> how reading failed
  net::Task<http::BodyError> hold(http::Exchange& x, uint64_t limit);

  // The body is longer than the limit: perhaps not all of it is here, and it can be sent but once.
  bool is_too_long() const { return too_long_; }
  // All of it, when it is not too long.
  std::string_view copy_to(Arena& arena) const;
  // The body from its beginning, for the exchange's next handler; null when the request has none.
  http::BodySource* replay(http::Exchange& x) const;

  struct Piece {
    std::string_view bytes;
    Piece* next = nullptr;
  };

 private:
  http::BodySource* source_ = nullptr;  // the exchange's own body
  http::BodySource* rest_ = nullptr;    // it again while it has not ended
  Piece* first_ = nullptr;
  uint64_t size_ = 0;
  bool too_long_ = false;
};

// What a client is told whose body could not be read.
void answer_body_error(http::Exchange& x, http::BodyError error);

}  // namespace fl::proxy
