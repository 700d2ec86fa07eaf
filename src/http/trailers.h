// Fields behind a body, the same in every version.
#pragma once

#include "http/header_map.h"

namespace fl::http {

// A trailer field that may be forwarded: no framing, routing, forwarding or hop-by-hop field (RFC 9110 6.5.1).
bool is_forwardable_trailer(const Field& field);

}  // namespace fl::http
