// Writes heads in the one normal form the proxy sends (RFC 9112). Pure: writes to memory the caller sized.
// Names and values are taken as they are: the parsers and decoders have made sure that they hold no CR, LF or NUL.
//
// The codec owns the fields connection, keep_alive, proxy_connection, transfer_encoding, content_length, te, trailer,
// upgrade, expect and host: they are skipped in head.headers and rebuilt from the rest of the head.
#pragma once

#include <cstddef>
#include <string_view>

#include "http/head.h"

namespace fl::http::h1 {

// Upper bound of what write_* will write for this head, so that the caller checks room once.
size_t request_head_bound(const RequestHead& head);
size_t response_head_bound(const ResponseHead& head);

// "METHOD path?query HTTP/1.1" and Host, every field in order, then what belongs to this hop:
//   Content-Length or Transfer-Encoding as `framing` asks, Expect when expects_continue, TE when head.headers accept
//   trailers, Connection and Upgrade when `upgrade` is not empty, then the empty line.
// Returns the bytes written.
size_t write_request_head(char* out, const RequestHead& head);

struct ResponseWriteOptions {
  bool keep_alive = true;    // must be false when the body ends with the connection
  bool to_http10 = false;    // client is HTTP/1.0: says "Connection: keep-alive" when kept, never chunked
  bool body_allowed = true;  // false for HEAD, 1xx, 204, 304: Content-Length is told where known, no Transfer-Encoding
};

// "HTTP/1.1 status reason", every field in order, then Content-Length or Transfer-Encoding with Trailer, then
// Connection where it differs from the version's default. An empty reason is the registered one. `none` where a body is
// allowed is an empty body; 1xx and 204 get neither framing field (RFC 9110 8.6, RFC 9112 6.1). Interim answers (1xx
// but 101) say nothing about the connection.
size_t write_response_head(char* out, const ResponseHead& head, const ResponseWriteOptions& options);

}  // namespace fl::http::h1
