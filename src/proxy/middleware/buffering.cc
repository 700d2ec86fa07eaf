#include "proxy/middleware/buffering.h"

#include <limits>
#include <optional>

#include "http/own_fields.h"
#include "proxy/answers.h"
#include "proxy/held_body.h"
#include "proxy/kept_answer.h"
#include "proxy/middleware/predicate.h"
#include "proxy/middleware/spool.h"
#include "proxy/request_checkpoint.h"

namespace fl::proxy::middleware {
namespace {

using http::Exchange;

constexpr int kMostRetries = 10;

constexpr Predicate::Function kFunctions[] = {{"Attempts", 0, Predicate::Gives::number},
                                              {"ResponseCode", 0, Predicate::Gives::number},
                                              {"IsNetworkError", 0, Predicate::Gives::truth},
                                              {"RequestMethod", 0, Predicate::Gives::text}};

class Attempt final : public Predicate::Facts {
 public:
  Attempt(int number, uint16_t status, std::string_view method) : number_(number), status_(status), method_(method) {}
  double number(size_t function, std::span<const double>) const override {
    switch (function) {
      case 0: return number_;
      case 1: return status_;
      default: return status_ == 502 || status_ == 504 ? 1 : 0;
    }
  }
  std::string_view text(size_t) const override { return method_; }

 private:
  const int number_;
  const uint16_t status_;
  const std::string_view method_;
};

uint64_t limit_of(int64_t option) {
  return option <= 0 ? std::numeric_limits<uint64_t>::max() : static_cast<uint64_t>(option);
}

uint64_t memory_of(int64_t option) { return option <= 0 ? 1 << 20 : static_cast<uint64_t>(option); }

void answer_too_large(Exchange& x) { x.respond(413, "Request Entity Too Large", {}); }

class Buffering final : public http::Handler {
 public:
  Buffering(const config::dynamic::Buffering& options, std::optional<Predicate> retry, HandlerPtr next)
      : request_memory_(memory_of(options.mem_request_body_bytes)),
        request_limit_(limit_of(options.max_request_body_bytes)),
        response_memory_(memory_of(options.mem_response_body_bytes)),
        response_limit_(limit_of(options.max_response_body_bytes)),
        buffers_requests_(!options.disable_request_buffer),
        buffers_responses_(!options.disable_response_buffer),
        retry_(std::move(retry)),
        next_(std::move(next)) {}

  net::Task<> handle(Exchange& x) const override {
    std::unique_ptr<Spool> body;
    if (x.request_body != nullptr) {
      if (const auto left = x.request_body->remaining(); left && *left > request_limit_) co_return answer_too_large(x);
      if (buffers_requests_) {
        body = std::make_unique<Spool>(request_memory_, request_limit_);
        switch (co_await body->fill(*x.request_body)) {
          case Spool::Filled::whole: break;
          case Spool::Filled::too_large: co_return answer_too_large(x);
          case Spool::Filled::broken_off: co_return answer_body_error(x, body->read_error());
          case Spool::Filled::no_space: co_return co_await answer_error(x, 500);
        }
        x.request.framing = http::Framing::length;
        x.request.content_length = body->size();
        x.request.expects_continue = false;
      }
    }
    http::BodySource* const came_with = std::exchange(x.request_body, body_of(x, body.get()));
    const RequestCheckpoint came(x);
    for (int attempt = 1;; ++attempt) {
      co_await next_->handle(x);
      if (x.drop_connection || attempt > kMostRetries || !wants_retry(x, attempt, came_with != nullptr)) break;
      co_await x.drop_answer();
      came.restore(x);
      if (body != nullptr) body->rewind();
      x.request_body = body_of(x, body.get());
    }
    if (!x.drop_connection && buffers_responses_ && x.response_body != nullptr) co_await take_answer_in(x);
    if (body == nullptr) co_return;
    x.request_body = came_with;  // it has ended, as the connection has to know
    // An upload may outlast this.
    if (!x.tasks.idle()) keep_with_answer(x, std::shared_ptr<const Spool>(std::move(body)));
  }

 private:
  static http::BodySource* body_of(Exchange& x, Spool* body) {
    if (body == nullptr) return x.request_body;
    return body->size() == 0 ? nullptr : body;
  }

  bool wants_retry(const Exchange& x, int attempt, bool has_body) const {
    if (!retry_ || (has_body && !buffers_requests_)) return false;
    return retry_->holds(Attempt(attempt, x.response.status, x.request.method));
  }

  net::Task<> take_answer_in(Exchange& x) const {
    const uint16_t status = x.response.status;
    if (status == 101 || status == 204 || status == 304 || x.request.method_id == http::Method::head) co_return;
    auto answer = std::make_unique<Spool>(response_memory_, response_limit_);
    const Spool::Filled filled = co_await answer->fill(*x.response_body);
    if (filled != Spool::Filled::whole) {
      co_await x.drop_answer();
      co_return co_await answer_error(x, filled == Spool::Filled::broken_off ? 502 : 500);
    }
    // Head and trailers lie in the connection that the answer comes by.
    http::own_fields(x.response.headers, x.arena);
    x.response.reason = x.arena.copy(x.response.reason);
    http::HeaderMap trailers;
    if (const auto* fields = x.response_body->trailers(); fields != nullptr) trailers = *fields;
    http::own_fields(trailers, x.arena);
    if (trailers.empty()) {
      x.response.framing = http::Framing::length;
      x.response.content_length = answer->size();
    }
    answer->set_trailers(std::move(trailers));
    // The server's connection is free for another request from here on.
    if (!x.tasks.idle()) {
      x.response_body->abandon();
      if (x.request_body != nullptr) x.request_body->abandon();
      co_await x.tasks.join();
    }
    x.watch_client(nullptr);
    x.response_body = std::move(answer);
  }

  const uint64_t request_memory_, request_limit_, response_memory_, response_limit_;  // bytes
  const bool buffers_requests_, buffers_responses_;
  const std::optional<Predicate> retry_;
  const HandlerPtr next_;
};

}  // namespace

Result<HandlerPtr> make_buffering(const config::dynamic::Buffering& options, HandlerPtr next) {
  std::optional<Predicate> retry;
  if (!options.retry_expression.empty()) {
    auto parsed = Predicate::parse(options.retry_expression, kFunctions);
    if (!parsed) return tl::make_unexpected(std::move(parsed).error().context("retryExpression"));
    retry = *std::move(parsed);
  }
  return std::make_shared<Buffering>(options, std::move(retry), std::move(next));
}

}  // namespace fl::proxy::middleware
