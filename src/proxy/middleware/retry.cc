#include "proxy/middleware/retry.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>

#include "http/status_range.h"
#include "proxy/held_body.h"
#include "proxy/middleware/client_wait.h"
#include "proxy/request_checkpoint.h"

namespace fl::proxy::middleware {
namespace {

using http::Exchange;

class Retry final : public http::Handler {
 public:
  Retry(const config::dynamic::Retry& options, std::vector<http::StatusRange> statuses, HandlerPtr next)
      : attempts_(options.attempts),
        interval_(options.initial_interval),
        timeout_(options.timeout),
        statuses_(std::move(statuses)),
        most_held_(HeldBody::limit_of(options.max_request_body_bytes)),
        retries_unsent_(!options.disable_retry_on_network_error),
        retries_every_method_(options.retry_non_idempotent_method),
        next_(std::move(next)) {}

  net::Task<> handle(Exchange& x) const override { return attempts_ == 1 ? next_->handle(x) : handle_again(x); }

 private:
  net::Task<> handle_again(Exchange& x) const {
    Transaction& transaction = Transaction::of(x);
    const net::Loop& loop = transaction.worker.loop();
    const TimePoint end = timeout_ > 0s ? loop.now() + timeout_ : TimePoint::max();
    HeldBody body;
    const bool for_status = !statuses_.empty() && may_repeat(x);
    if (for_status)
      if (const auto error = co_await body.hold(x, most_held_); error != http::BodyError::none)
        co_return answer_body_error(x, error);

    const RequestCheckpoint request(x);
    for (int64_t attempt = 1;; ++attempt) {
      if (for_status) x.request_body = body.replay(x);
      co_await next_->handle(x);
      const bool again = transaction.unsent
                             ? retries_unsent_
                             : for_status && !body.is_too_long() && http::contains(statuses_, x.response.status);
      if (attempt == attempts_ || !again || x.drop_connection) co_return;
      const Duration wait = wait_after(attempt);
      if (end - loop.now() < wait) co_return;

      co_await x.drop_answer();
      if (wait > 0s && !co_await wait_for_client(x, wait)) co_return;
      ++transaction.record.retries;
      request.restore(x);
    }
  }

  bool may_repeat(const Exchange& x) const {
    if (retries_every_method_) return true;
    return x.request.method_id != http::Method::post && x.request.method_id != http::Method::patch &&
           x.request.method != "LOCK";
  }

  Duration wait_after(int64_t attempt) const {
    const double growth = std::pow(2.0, static_cast<double>(attempt - 1) / static_cast<double>(attempts_ - 1));
    return std::chrono::duration_cast<Duration>(interval_ * growth);
  }

  const int64_t attempts_;
  const Duration interval_;
  const Duration timeout_;
  const std::vector<http::StatusRange> statuses_;
  const uint64_t most_held_;
  const bool retries_unsent_;
  const bool retries_every_method_;
  const HandlerPtr next_;
};

}  // namespace

Result<HandlerPtr> make_retry(const config::dynamic::Retry& options, HandlerPtr next) {
  if (options.attempts <= 0)
    return fail(Code::invalid, fmt::format("incorrect (or empty) value for attempt ({})", options.attempts));
  FL_TRY(std::vector<http::StatusRange> statuses, http::parse_status_ranges(options.status));
  if (options.disable_retry_on_network_error && statuses.empty())
    return fail(Code::invalid, "disableRetryOnNetworkError without status leaves nothing to retry for");
  return std::make_shared<Retry>(options, std::move(statuses), std::move(next));
}

}  // namespace fl::proxy::middleware
