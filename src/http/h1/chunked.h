// Strict chunked coding (RFC 9112 7.1): decoder that works in place, and encoder of chunk heads. Pure.
#pragma once

#include <array>
#include <cstdint>
#include <string_view>

#include "http/h1/parser.h"
#include "http/header_map.h"

namespace fl::http::h1 {

struct ChunkLimits {
  uint32_t max_extension_bytes = 16 << 10;  // of one body, all chunks together, beyond 4 bytes a chunk's data byte...
  uint32_t max_trailer_bytes = 64 << 10;
  uint32_t max_trailers = 100;
};

// Feeds: decode(bytes, n) moves the data bytes of the body to the front of `bytes` (chunk heads and line ends are
// squeezed out) and says how many there are, how many input bytes were eaten, and whether the body has ended.
class ChunkedDecoder {
 public:
  explicit ChunkedDecoder(const ChunkLimits& limits = {}) : limits_(limits) {}

  struct Step {
    size_t data = 0;      // decoded bytes, now at bytes[0..data)
    size_t consumed = 0;  // input bytes eaten; less than n only when done or failed
    Progress progress = Progress::incomplete;
  };
  Step decode(char* bytes, size_t n);

  // Trailer fields, valid from `done` on: views into memory the decoder owns.
  const HeaderMap& trailers() const { return trailers_; }
  std::string_view error() const { return error_; }
  void reset();

 private:
  enum class State : uint8_t { size, extension, size_lf, data, data_cr, data_lf, trailer, done, failed };
  ChunkLimits limits_;
  State state_ = State::size;
  uint8_t digits_ = 0;
  uint64_t left_ = 0;
  uint64_t extension_bytes_ = 0;
  std::string trailer_text_;
  HeaderMap trailers_;
  std::string_view error_;
};

// "1a2b\r\n" into `out`, which must hold 18 bytes; returns the length.
size_t write_chunk_head(char* out, uint64_t size);

}  // namespace fl::http::h1
