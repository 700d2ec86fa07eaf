// Content codings as streams (RFC 9110 8.4.1: gzip; br by RFC 7932; zstd by RFC 8878). zlib, brotli and zstd stay
// behind it. Memory of one is some hundred KiB: windows are kept small, for thousands run at a time. Any thread, one at
// a time.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>

namespace fl {

enum class ContentCoding : uint8_t { gzip, br, zstd };

// The names of HTTP's registry.
std::string_view to_string(ContentCoding coding);
std::optional<ContentCoding> parse_content_coding(std::string_view name);

class Compressor {
 public:
  // What must be out when write() returns: whatever is convenient, all that went in, or all and the end of the stream.
  enum class Until : uint8_t { convenient, flushed, ended };

  static std::unique_ptr<Compressor> make(ContentCoding coding);
  virtual ~Compressor() = default;
  Compressor(const Compressor&) = delete;
  Compressor& operator=(const Compressor&) = delete;

  // Appends to `out`. Nothing is written after `ended`.
  virtual void write(std::string_view in, Until until, std::string& out) = 0;

 protected:
  Compressor() = default;
};

}  // namespace fl
