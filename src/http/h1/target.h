// Request targets and authorities (RFC 9112 3.2, RFC 3986). Pure; views in, views out.
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

// uri-host [ ":" port ], not empty. Narrower than RFC 3986: names of letters, digits, - . _ ~ only, since two readings
// of an escape or a comma are two hosts; IPv6 literals without zone; ports up to 65535.
bool is_authority(std::string_view text);

}  // namespace fl::http::h1
