// Writes heads in the one normal form the proxy sends (RFC 9112). Pure: appends to memory the caller sized.
#pragma once

#include <cstdint>
#include <string_view>

#include "http/head.h"

namespace fl::http::h1 {

// Upper bound of what write_* will write for this head, so that the caller checks room once.
size_t request_head_bound(const RequestHead& head);
size_t response_head_bound(const ResponseHead& head);

// "METHOD path?query HTTP/1.1", Host first, then every field in order, then the framing field that `framing` asks for
// (never both), then the empty line. Fields that the codec itself owns (connection, keep_alive, proxy_connection,
// transfer_encoding, content_length, te except "trailers", trailer, upgrade, expect, host) are skipped in
// head.headers and rebuilt from head.framing, .upgrade, .authority, .expects_continue. Returns the bytes written.
size_t write_request_head(char* out, const RequestHead& head);

// "HTTP/1.1 status reason", every field, framing, and "Connection: close" when `keep_alive` is false. Skips and rebuilds
// the codec's own fields likewise. `content_length_only` is for HEAD and 304: Content-Length is told, no body follows.
struct ResponseWriteOptions {
  bool keep_alive = true;
  bool to_http10 = false;  // client is HTTP/1.0: says "Connection: keep-alive" when kept, never chunked
  bool body_allowed = true;  // false for HEAD, 1xx, 204, 304: no Transfer-Encoding is written
};
size_t write_response_head(char* out, const ResponseHead& head, const ResponseWriteOptions& options);

}  // namespace fl::http::h1
