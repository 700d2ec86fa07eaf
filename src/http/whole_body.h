// A request's body in one piece, for handlers that cannot begin before they have it. Worker thread.
#pragma once

#include <cstddef>
#include <string>

#include "http/exchange.h"
#include "net/task.h"

namespace fl::http {

struct WholeBody {
  std::string text;
  BodyError error = BodyError::none;  // too_large: over the limit; the rest is unread
};

// `limit` in bytes. A body that says beforehand that it is larger is not read at all.
net::Task<WholeBody> read_whole_body(Exchange& exchange, size_t limit);

}  // namespace fl::http
