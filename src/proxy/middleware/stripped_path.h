// Taking a prefix off the request's path, for stripPrefix and stripPrefixRegex.
#pragma once

#include <string_view>

#include "net/task.h"
#include "proxy/middleware/middleware.h"

namespace fl::proxy::middleware {

// Takes the first `size` bytes, which are `prefix` in routing form, off the path, tells the server in
// X-Forwarded-Prefix and passes the request on. What is left gets a leading slash, unless nothing is. Answers 400 when
// what is left is not sanitized ("/api" off "/api../x"), or `prefix` cannot be a field's value.
net::Task<> handle_stripped(http::Exchange& exchange, size_t size, std::string_view prefix, const http::Handler& next);

}  // namespace fl::proxy::middleware
