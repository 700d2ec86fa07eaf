// Request targets (RFC 9112 3.2, RFC 3986). Pure; views in, views out.
#pragma once

#include <string_view>

#include "http/head.h"

namespace fl::http::h1 {

// Splits a request target into head.scheme, authority, path and query; head.method_id is known. False when it has none
// of the forms that a reverse proxy is sent: origin-form, absolute-form with http or https, "*" with OPTIONS.
//
// Bytes: RFC 3986, and raw also what browsers leave raw (WHATWG URL): [ ] | in paths, those and \ ^ ` { } in queries.
// '%' begins two hex digits. Never raw: controls, space, non-ASCII, '#', '"', '<', '>'.
bool parse_target(std::string_view target, RequestHead& head);

}  // namespace fl::http::h1
