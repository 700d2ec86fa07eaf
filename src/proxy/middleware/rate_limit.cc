#include "proxy/middleware/rate_limit.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>

#include "proxy/middleware/client_wait.h"
#include "proxy/middleware/source_criterion.h"
#include "proxy/middleware/token_buckets.h"
#include "proxy/transaction.h"

namespace fl::proxy::middleware {
namespace {

class RateLimit final : public http::Handler {
 public:
  RateLimit(const TokenBuckets::Options& options, SourceCriterion criterion, HandlerPtr next)
      : buckets_(options), criterion_(std::move(criterion)), next_(std::move(next)) {}

  net::Task<> handle(http::Exchange& x) const override {
    const auto turn = buckets_.take(criterion_.source_of(x), Transaction::of(x).worker.loop().now());
    if (!turn.may_pass) return refuse(x, turn.wait);
    return turn.wait > 0s ? wait_and_pass(x, turn.wait) : next_->handle(x);
  }

 private:
  net::Task<> wait_and_pass(http::Exchange& x, Duration wait) const {
    if (co_await wait_for_client(x, wait)) co_await next_->handle(x);
  }

  net::Task<> refuse(http::Exchange& x, Duration wait) const {
    x.respond(429, "Too Many Requests", {});
    const auto seconds = std::chrono::ceil<std::chrono::seconds>(wait).count();
    x.response.headers.append("Retry-After", x.arena.copy(fmt::to_string(seconds)));
    x.response.headers.append("X-Retry-In", x.arena.copy(format_duration(wait)));
    co_return;
  }

  mutable TokenBuckets buckets_;  // locks itself
  const SourceCriterion criterion_;
  const HandlerPtr next_;
};

}  // namespace

Result<HandlerPtr> make_rate_limit(const config::dynamic::RateLimit& options, HandlerPtr next) {
  if (options.average < 0)
    return fail(Code::invalid, fmt::format("negative value not valid for average: {}", options.average));
  if (options.period < 0s)
    return fail(Code::invalid, fmt::format("negative value not valid for period: {}", format_duration(options.period)));
  if (options.redis) return fail(Code::invalid, "redis is not supported by this version of fairlead yet");
  FL_TRY(SourceCriterion criterion, SourceCriterion::make(options.source_criterion, SourceCriterion::Default::address));
  if (options.average == 0) return next;  // no limit
  const double period = std::chrono::duration<double>(options.period > 0s ? options.period : Duration(1s)).count();
  const double rate = static_cast<double>(options.average) / period;
  const auto seconds = [](double s) { return std::chrono::duration_cast<Duration>(std::chrono::duration<double>(s)); };
  const TokenBuckets::Options buckets{.rate = rate,
                                      .burst = static_cast<double>(std::max<int64_t>(options.burst, 1)),
                                      .most = rate < 1 ? Duration(500ms) : seconds(1 / (2 * std::floor(rate))),
                                      .keeps = rate < 1 ? seconds(1 + std::floor(1 / rate)) : Duration(2s)};
  return std::make_shared<RateLimit>(buckets, std::move(criterion), std::move(next));
}

}  // namespace fl::proxy::middleware
