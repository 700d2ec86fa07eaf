#include "http/h1/parse_error.h"

namespace fl::http::h1 {

uint16_t status_of(ParseError error) {
  switch (error) {
    case ParseError::target_too_long: return 414;
    case ParseError::bad_expectation: return 417;
    case ParseError::head_too_large:
    case ParseError::too_many_fields: return 431;
    case ParseError::unknown_transfer_coding:
    case ParseError::connect_refused: return 501;
    case ParseError::bad_status_line:
    case ParseError::bad_status: return 502;
    case ParseError::unsupported_version: return 505;
    default: return 400;
  }
}

std::string_view describe(ParseError error) {
  switch (error) {
    case ParseError::none: return "no error";
    case ParseError::bad_request_line: return "malformed request line";
    case ParseError::bad_method: return "malformed method";
    case ParseError::bad_target: return "malformed request target";
    case ParseError::target_too_long: return "request target is too long";
    case ParseError::bad_version: return "malformed HTTP version";
    case ParseError::unsupported_version: return "HTTP version is not supported";
    case ParseError::bad_field_name: return "malformed field name";
    case ParseError::bad_field_value: return "control byte in a field value";
    case ParseError::folded_field: return "folded field line";
    case ParseError::bare_line_feed: return "line feed without carriage return";
    case ParseError::head_too_large: return "head is too large";
    case ParseError::too_many_fields: return "too many fields";
    case ParseError::missing_host: return "Host is missing";
    case ParseError::bad_host: return "malformed or contradictory Host";
    case ParseError::bad_content_length: return "malformed Content-Length";
    case ParseError::conflicting_framing: return "contradictory body framing";
    case ParseError::unknown_transfer_coding: return "unknown transfer coding";
    case ParseError::connect_refused: return "CONNECT is not supported";
    case ParseError::bad_expectation: return "unknown expectation";
    case ParseError::bad_status_line: return "malformed status line";
    case ParseError::bad_status: return "malformed status code";
  }
  return "unknown error";
}

}  // namespace fl::http::h1
