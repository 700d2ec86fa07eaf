#include "proxy/service/failover.h"

#include "proxy/answers.h"
#include "proxy/held_body.h"
#include "proxy/request_checkpoint.h"

namespace fl::proxy {
namespace {

bool is_up(const Failover::Child& child, http::Exchange& x) {
  return child.health == nullptr || child.health->is_up(Transaction::of(x).worker.loop().now());
}

}  // namespace

net::Task<> Failover::handle(http::Exchange& x) const {
  if (!is_up(options_.service, x)) return fall_back(x);
  return options_.statuses.empty() ? options_.service.handler->handle(x) : try_service(x);
}

net::Task<> Failover::try_service(http::Exchange& x) const {
  HeldBody body;
  if (const auto error = co_await body.hold(x, options_.max_request_body); error != http::BodyError::none)
    co_return answer_body_error(x, error);
  if (body.is_too_long()) {
    x.close_connection = true;
    co_return co_await answer_error(x, 413, "Request body too large\n");
  }
  const RequestCheckpoint request(x);
  x.request_body = body.replay(x);
  co_await options_.service.handler->handle(x);
  if (x.drop_connection || !http::contains(options_.statuses, x.response.status)) co_return;

  co_await x.drop_answer();
  request.restore(x);
  x.request_body = body.replay(x);
  co_await fall_back(x);
}

net::Task<> Failover::fall_back(http::Exchange& x) const {
  if (!is_up(options_.fallback, x)) return answer_error(x, 503);
  return options_.fallback.handler->handle(x);
}

}  // namespace fl::proxy
