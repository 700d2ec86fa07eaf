#include "proxy/answers.h"

namespace fl::proxy {
namespace {

// `text` lives for ever or in the exchange's arena.
void respond_text(http::Exchange& x, uint16_t status, std::string_view text) {
  x.respond(status, text, "text/plain; charset=utf-8");
  x.response.headers.append("X-Content-Type-Options", "nosniff");
}

}  // namespace

net::Task<> answer_not_found(http::Exchange& x) {
  respond_text(x, 404, "404 page not found\n");
  co_return;
}

net::Task<> answer_no_server(http::Exchange& x) {
  respond_text(x, 503, "no available server\n");
  co_return;
}

net::Task<> answer_overloaded(http::Exchange& x) {
  respond_text(x, 503, "Service Unavailable\n");
  x.response.headers.append("Retry-After", "1");
  co_return;
}

void answer_client_gone(http::Exchange& x) {
  x.respond(499, http::reason_phrase(499), {});
  x.drop_connection = true;
}

net::Task<> answer_error(http::Exchange& x, uint16_t status) {
  return answer_error(x, status, x.arena.concat({http::reason_phrase(status), "\n"}));
}

net::Task<> answer_error(http::Exchange& x, uint16_t status, std::string_view text) {
  respond_text(x, status, text);
  co_return;
}

}  // namespace fl::proxy
