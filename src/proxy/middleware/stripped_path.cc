#include "proxy/middleware/stripped_path.h"

#include "base/strings.h"
#include "http/grammar.h"
#include "proxy/answers.h"
#include "proxy/routing/request_path.h"

namespace fl::proxy::middleware {

net::Task<> handle_stripped(http::Exchange& x, size_t size, std::string_view prefix, const http::Handler& next) {
  std::string_view rest = x.request.path.substr(size);
  if (!rest.empty() && !rest.starts_with('/')) rest = x.arena.concat({"/", rest});
  if (!rest.empty() && !routing::is_sanitized(rest)) return answer_error(x, 400);
  if (!http::is_field_value(prefix)) return answer_error(x, 400);
  x.request.path = rest;
  x.request.headers.append(http::HeaderId::x_forwarded_prefix, trim(prefix));
  return next.handle(x);
}

}  // namespace fl::proxy::middleware
