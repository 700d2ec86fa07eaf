// One field line, shared by requests, responses and trailers (RFC 9112 5).
#pragma once

#include <cstdint>
#include <optional>
#include <string_view>

#include "http/h1/parser.h"
#include "http/header_map.h"

namespace fl::http::h1 {

// Adds the field of `line` (no CRLF, no control bytes, not empty) to `fields`. None of RFC 9112's leniencies: no
// space before the colon, no folding.
ParseError parse_field_line(std::string_view line, HeaderMap& fields);

// 1*DIGIT up to 2^63-1, so that sums of lengths do not overflow; nullopt for anything else.
std::optional<uint64_t> parse_content_length(std::string_view value);

}  // namespace fl::http::h1
