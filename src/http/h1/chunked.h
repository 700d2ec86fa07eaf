// Strict chunked coding (RFC 9112 7.1): decoder that works in place, and encoder of chunk heads. Pure; one decoder per
// connection and direction, on its worker thread.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

#include "http/h1/head_reader.h"
#include "http/h1/line_scanner.h"
#include "http/header_map.h"

namespace fl::http::h1 {

struct ChunkLimits {
  // Chunk extensions are thrown away, so they are work without use: their bytes in one body may be this many more than
  // the data bytes that came before them.
  uint32_t max_extension_bytes = 16 << 10;
  uint32_t max_trailer_bytes = 64 << 10;
  uint32_t max_trailers = 100;
};

//   size -> extension -> size_lf -> data -> data_cr -> data_lf -> size ... last size -> trailer -> done
//      \________________/
// Extensions are skipped, not parsed: they end at CRLF whatever quotes stand in them, and hold no control byte.
class ChunkedDecoder {
 public:
  explicit ChunkedDecoder(const ChunkLimits& limits = {}) : limits_(limits) {}

  struct Step {
    std::string_view data;  // decoded bytes, somewhere within `bytes`; may be empty, also when failed
    size_t consumed = 0;    // input bytes eaten; less than n only when done or failed
    Progress progress = Progress::incomplete;
  };
  // Decodes n bytes of the body. The first run of data stays where it is; later runs are moved up behind it, so bytes
  // after `consumed` are untouched and those before it are scratch.
  Step decode(char* bytes, size_t n);

  // Trailer fields, complete from `done` on and valid until reset(): views into memory the decoder owns. What of them
  // may be merged or forwarded is for the caller to say (RFC 9110 6.5.1).
  const HeaderMap& trailers() const { return trailers_; }
  // A short English phrase, empty unless failed.
  std::string_view error() const { return error_; }
  void reset() { *this = ChunkedDecoder(limits_); }

 private:
  enum class State : uint8_t { size, blank, extension, size_lf, data, data_cr, data_lf, trailer, done, failed };

  void fail(std::string_view why) {
    state_ = State::failed;
    error_ = why;
  }
  void take_size_byte(char c);
  // Eats up to `n` bytes of an extension, and the CR that ends it.
  size_t skip_extension(const char* p, size_t n);
  // Eats up to `n` bytes of the trailer section.
  size_t take_trailers(const char* p, size_t n);
  void take_trailer_line(std::string_view line);

  ChunkLimits limits_;
  State state_ = State::size;
  uint8_t digits_ = 0;             // of the size being read
  uint64_t left_ = 0;              // of the size, later of the data
  uint64_t extension_excess_ = 0;  // see ChunkLimits
  std::string trailer_text_;
  LineScanner trailer_lines_;
  HeaderMap trailers_;
  std::string_view error_;
};

inline constexpr size_t kMaxChunkHeadBytes = 18;

// "1a2b\r\n" into `out`, which must hold kMaxChunkHeadBytes; returns the length. Size 0 begins the end of the body.
size_t write_chunk_head(char* out, uint64_t size);

}  // namespace fl::http::h1
