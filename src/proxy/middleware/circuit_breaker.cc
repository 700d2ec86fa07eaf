#include "proxy/middleware/circuit_breaker.h"

#include <fmt/format.h>

#include <atomic>
#include <mutex>

#include "base/log.h"
#include "proxy/middleware/answer_metrics.h"
#include "proxy/middleware/predicate.h"
#include "proxy/transaction.h"

namespace fl::proxy::middleware {
namespace {

using http::Exchange;

constexpr Predicate::Function kFunctions[] = {{"LatencyAtQuantileMS", 1, Predicate::Gives::number},
                                              {"NetworkErrorRatio", 0, Predicate::Gives::number},
                                              {"ResponseCodeRatio", 4, Predicate::Gives::number}};

class Measured final : public Predicate::Facts {
 public:
  Measured(const AnswerMetrics& metrics, TimePoint now) : metrics_(metrics), now_(now) {}
  double number(size_t function, std::span<const double> args) const override {
    switch (function) {
      case 0:
        return static_cast<double>(
            std::chrono::floor<std::chrono::milliseconds>(metrics_.latency_at(args[0], now_)).count());
      case 1: return metrics_.network_error_ratio(now_);
      default: return metrics_.status_ratio(args[0], args[1], args[2], args[3], now_);
    }
  }

 private:
  const AnswerMetrics& metrics_;
  const TimePoint now_;
};

// Any thread.
class Breaker {
 public:
  struct Times {
    Duration check, fallback, recovery;
  };
  Breaker(std::string expression, Predicate predicate, const Times& times)
      : expression_(std::move(expression)), predicate_(std::move(predicate)), times_(times) {}

  bool admits(TimePoint now) {
    if (state_.load(std::memory_order_relaxed) == State::closed) return true;
    const std::lock_guard lock(mutex_);
    if (state_ == State::open && now >= until_) {
      set(State::recovering, now + times_.recovery);
      recovering_since_ = now;
      admitted_ = refused_ = 0;
    }
    if (state_ == State::recovering && now > until_) set(State::closed, now);
    if (state_ != State::recovering) return state_ == State::closed;
    // Whether the share that has passed would still be below the one that may.
    const double target = 0.5 * std::chrono::duration<double>(now - recovering_since_).count() /
                          std::chrono::duration<double>(times_.recovery).count();
    const bool admits = (admitted_ + 1) / (admitted_ + 1 + refused_) < target;
    ++(admits ? admitted_ : refused_);
    return admits;
  }

  void record(uint16_t status, Duration latency, TimePoint now) {
    const std::lock_guard lock(mutex_);
    metrics_.record(status, latency, now);
    if (now < next_check_) return;
    next_check_ = now + times_.check;
    if (state_ == State::open || !predicate_.holds(Measured(metrics_, now))) return;
    set(State::open, now + times_.fallback);
    metrics_.clear();
  }

 private:
  enum class State : uint8_t { closed, open, recovering };

  void set(State state, TimePoint until) {
    constexpr std::string_view kNames[] = {"closed", "open", "recovering"};
    log::info("circuitBreaker \"{}\": {}", expression_, kNames[static_cast<size_t>(state)]);
    state_ = state;
    until_ = until;
  }

  const std::string expression_;
  const Predicate predicate_;
  const Times times_;
  std::atomic<State> state_ = State::closed;  // written under the lock

  std::mutex mutex_;  // of what follows
  AnswerMetrics metrics_;
  TimePoint until_{}, next_check_{}, recovering_since_{};
  double admitted_ = 0, refused_ = 0;  // while it recovers
};

class CircuitBreaker final : public http::Handler {
 public:
  CircuitBreaker(std::unique_ptr<Breaker> breaker, uint16_t status, HandlerPtr next)
      : breaker_(std::move(breaker)), status_(status), next_(std::move(next)) {}

  net::Task<> handle(Exchange& x) const override {
    const net::Loop& loop = Transaction::of(x).worker.loop();
    const TimePoint start = loop.clock().now();
    if (!breaker_->admits(start)) {
      x.respond(status_, http::reason_phrase(status_), {});
      co_return;
    }
    co_await next_->handle(x);
    const TimePoint end = loop.clock().now();
    breaker_->record(x.response.status, end - start, end);
  }

 private:
  const std::unique_ptr<Breaker> breaker_;
  const uint16_t status_;
  const HandlerPtr next_;
};

}  // namespace

Result<HandlerPtr> make_circuit_breaker(const config::dynamic::CircuitBreaker& options, HandlerPtr next) {
  auto predicate = Predicate::parse(options.expression, kFunctions);
  if (!predicate) return tl::make_unexpected(std::move(predicate).error().context("expression"));
  const int64_t status = options.response_code == 0 ? 503 : options.response_code;
  if (status < 200 || status > 599)
    return fail(Code::invalid, fmt::format("responseCode {} is no status to answer with", status));
  // Traefik: what is not positive is its default.
  const auto or_else = [](Duration set, Duration otherwise) { return set > 0s ? set : otherwise; };
  auto breaker = std::make_unique<Breaker>(options.expression, *std::move(predicate),
                                           Breaker::Times{.check = or_else(options.check_period, 100ms),
                                                          .fallback = or_else(options.fallback_duration, 10s),
                                                          .recovery = or_else(options.recovery_duration, 10s)});
  return std::make_shared<CircuitBreaker>(std::move(breaker), static_cast<uint16_t>(status), std::move(next));
}

}  // namespace fl::proxy::middleware
