// Splits a growing buffer into lines that end in CRLF, looking at each byte once however the input trickles in.
// Also proves that a line holds no control byte but TAB. Keeps offsets only, so the buffer may move between calls.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string_view>

namespace fl::http::h1 {

class LineScanner {
 public:
  enum class Found : uint8_t {
    line,            // `line` is the next one, without its CRLF
    incomplete,      // no line end yet
    too_long,        // the line does not end within `limit`
    bare_line_feed,  // LF without CR
    control,         // CR without LF, NUL or another control byte; `line` is what stands before it
  };

  // `buffer`: all bytes so far; `limit`: the offset that this line has to end at or before. The verdict depends on the
  // bytes alone, not on how they were cut into calls.
  Found next(std::string_view buffer, size_t limit, std::string_view& line);

  // Offset of the line that next() is looking for.
  size_t position() const { return begin_; }

 private:
  size_t begin_ = 0;
  size_t scanned_ = 0;  // no control byte in [begin_, scanned_)
};

}  // namespace fl::http::h1
