// Strict, resumable HTTP/1 head parser (RFC 9112). Reads in place: all views point into the caller's buffer.
// Worker thread; one per connection and direction, reused for every message.
//
//   parse(all bytes so far) -> incomplete | done (head_size() bytes eaten) | failed (error())
//
// Each complete line is looked at once however the bytes trickle in. When the buffer moved between two calls the views
// are rebased, so the caller may grow it. What is ambiguous is refused, never repaired.
#pragma once

#include <cstdint>
#include <string_view>

#include "http/head.h"

namespace fl::http::h1 {

enum class Progress : uint8_t { incomplete, done, failed };

// Why a head was refused; status_of() gives the answer the RFCs ask for.
enum class ParseError : uint8_t {
  none,
  bad_request_line,
  bad_method,
  bad_target,
  target_too_long,       // 414
  bad_version,           // 400: not HTTP/x.y
  unsupported_version,   // 505: HTTP/2.0 and the like
  bad_field_name,        // no colon, empty name, a byte that is no token, space before the colon
  bad_field_value,       // NUL, CR, other control byte
  folded_field,          // obs-fold
  bare_line_feed,
  head_too_large,        // 431
  too_many_fields,       // 431
  missing_host,          // HTTP/1.1 without Host
  bad_host,              // malformed, or more than one, or not that of an absolute-form target's
  bad_content_length,
  conflicting_framing,   // Content-Length with Transfer-Encoding, differing lengths, TE in HTTP/1.0
  unknown_transfer_coding,  // 501
  connect_refused,       // 501: CONNECT is no proxy business of ours (Traefik: 501 on HTTP/1)
  bad_expectation,       // 417
  bad_status_line,       // responses, from here
  bad_status,
};

uint16_t status_of(ParseError error);
std::string_view describe(ParseError error);

struct HeadLimits {
  uint32_t max_head_bytes = 1 << 20;    // start line and fields, RFC 6585 431
  uint32_t max_target_bytes = 1 << 16;  // RFC 9110 15.5.15 414
  uint32_t max_fields = 1000;
};

class RequestParser {
 public:
  explicit RequestParser(const HeadLimits& limits) : limits_(limits) {}

  Progress parse(std::string_view buffer, RequestHead& head);
  void reset();  // before the next message

  size_t head_size() const { return head_size_; }
  ParseError error() const { return error_; }

 private:
  HeadLimits limits_;
  const char* base_ = nullptr;  // where the buffer was at the last call
  size_t line_ = 0;             // offset of the first line not yet parsed
  size_t scanned_ = 0;          // offset up to which no line feed was seen
  size_t head_size_ = 0;
  bool have_start_line_ = false;
  ParseError error_ = ParseError::none;
};

class ResponseParser {
 public:
  explicit ResponseParser(const HeadLimits& limits) : limits_(limits) {}

  Progress parse(std::string_view buffer, ResponseHead& head);
  void reset();

  size_t head_size() const { return head_size_; }
  ParseError error() const { return error_; }

 private:
  HeadLimits limits_;
  const char* base_ = nullptr;
  size_t line_ = 0;
  size_t scanned_ = 0;
  size_t head_size_ = 0;
  bool have_start_line_ = false;
  ParseError error_ = ParseError::none;
};

}  // namespace fl::http::h1
