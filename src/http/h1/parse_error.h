// Why a head was refused, and the answer that the RFCs ask for.
#pragma once

#include <cstdint>
#include <string_view>

namespace fl::http::h1 {

enum class ParseError : uint8_t {
  none,
  bad_request_line,     // not three parts, or a control byte
  bad_method,           // no token, or absurdly long
  bad_target,           // of no known form, or with a byte that stands in no URI
  target_too_long,      // 414
  bad_version,          // 400: not HTTP/x.y
  unsupported_version,  // 505: HTTP/2.0, 1.2 and the like
  bad_field_name,       // no colon, empty name, a byte that is no token, space before the colon
  bad_field_value,      // NUL, CR, other control byte
  folded_field,         // obs-fold
  bare_line_feed,
  head_too_large,   // 431
  too_many_fields,  // 431
  missing_host,     // HTTP/1.1 without Host
  bad_host,         // malformed, or more than one, or not that of an absolute-form target's
  bad_content_length,
  conflicting_framing,      // Content-Length with Transfer-Encoding, either of them twice, TE in HTTP/1.0
  unknown_transfer_coding,  // 501
  connect_refused,          // 501: CONNECT is no proxy business of ours (Traefik: 501 on HTTP/1)
  bad_expectation,          // 417
  bad_status_line,          // responses, from here
  bad_status,               // not three digits, or not 100..599
};

// For refused requests: the status to answer with. A refused response is a 502 whatever it was.
uint16_t status_of(ParseError error);
// A short English phrase for the log, e.g. "Host is missing".
std::string_view describe(ParseError error);

}  // namespace fl::http::h1
