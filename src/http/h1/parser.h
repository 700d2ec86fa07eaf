// Strict, resumable HTTP/1 head parsers (RFC 9112). They read in place: all views point into the caller's buffer (or at
// literals). Worker thread; one per connection and direction, reused for every message.
//
//   parse(all bytes so far) -> incomplete | done (head_size() bytes eaten) | failed (error())
//
// Each byte is scanned once and each line parsed once, however the bytes trickle in, and a fault is told as soon as it
// can be seen: a wrong line when it is complete, a control byte at once. The verdict does not depend on how the input
// was cut. When the buffer moved between two calls the views of `head` are rebased, so the caller may grow it; a call
// after `done` does only that. What is ambiguous is refused, never repaired.
#pragma once

#include <cstddef>
#include <string_view>

#include "http/h1/head_reader.h"
#include "http/h1/parse_error.h"
#include "http/head.h"

namespace fl::http::h1 {

class RequestParser {
 public:
  explicit RequestParser(const HeadLimits& limits) : reader_(limits) {}

  // `head` is overwritten once the start line is complete and has to be the same object until `done`.
  Progress parse(std::string_view buffer, RequestHead& head);
  // Before the next message, whose first byte is then the first of the buffer.
  void reset() {
    reader_.reset();
    skipped_empty_line_ = false;
  }

  size_t head_size() const { return reader_.head_size(); }
  ParseError error() const { return reader_.error(); }

 private:
  HeadReader reader_;
  bool skipped_empty_line_ = false;  // RFC 9112 2.2: one CRLF before the request line is overlooked
};

class ResponseParser {
 public:
  explicit ResponseParser(const HeadLimits& limits) : reader_(limits) {}

  // As for requests. Framing is `none` for 1xx, 204 and 304 whatever their fields say (RFC 9112 6.3 rule 1); that HEAD
  // was asked is for the caller to know.
  Progress parse(std::string_view buffer, ResponseHead& head);
  void reset() { reader_.reset(); }

  size_t head_size() const { return reader_.head_size(); }
  ParseError error() const { return reader_.error(); }

 private:
  HeadReader reader_;
};

}  // namespace fl::http::h1
