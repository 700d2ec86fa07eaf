#include "http/whole_body.h"

namespace fl::http {

net::Task<WholeBody> read_whole_body(Exchange& exchange, size_t limit) {
  WholeBody body;
  if (exchange.request_body == nullptr) co_return body;
  if (exchange.request_body->remaining().value_or(0) > limit) {
    body.error = BodyError::too_large;
    co_return body;
  }
  for (;;) {
    BodyChunk chunk = exchange.request_body->take();
    if (!chunk.ready()) chunk = co_await exchange.request_body->read();
    body.error = chunk.error;
    if (chunk.error != BodyError::none) co_return body;
    body.text += chunk.data;
    if (body.text.size() > limit) body.error = BodyError::too_large;
    if (chunk.last || body.error != BodyError::none) co_return body;
  }
}

}  // namespace fl::http
