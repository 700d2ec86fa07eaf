// Answers that say no, in the form Go's net/http gives them.
#pragma once

#include <string>

#include "http/exchange.h"

namespace fl::admin {

// `body` as plain text that no browser takes for anything else.
inline void answer_error(http::Exchange& x, uint16_t status, std::string body) {
  x.respond_owned(status, std::move(body), "text/plain; charset=utf-8");
  x.response.headers.append("X-Content-Type-Options", "nosniff");
}

inline void answer_not_found(http::Exchange& x) { answer_error(x, 404, "404 page not found\n"); }

}  // namespace fl::admin
