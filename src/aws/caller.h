// Makes AWS calls: endpoint, signature, deadline, retries with back-off, rate limit, clock correction. Knows no
// operation; the typed clients stand on it. Main thread; one per account and region, outlives its calls.
//
//   wait for the rate -> credentials -> sign -> fetch -> answer read? -> done
//            ^                                    |  no: throttled, broken, cut short, 5xx, clock wrong
//            +------------ back-off --------------+     at most max_attempts times
#pragma once

#include <map>
#include <random>
#include <string>
#include <vector>

#include "aws/credentials.h"
#include "aws/environment.h"
#include "aws/profiles.h"
#include "aws/protocol.h"
#include "aws/rate_limiter.h"
#include "base/result.h"
#include "http/fetch.h"
#include "net/task.h"

namespace fl::aws {

struct CallerOptions {
  std::string region;
  Duration timeout = 10s;                         // of one attempt
  int max_attempts = 3;                           // AWS's standard mode
  Duration backoff = 1s;                          // longest wait before the second attempt; doubles, to 20 s
  std::shared_ptr<const tls::ClientContext> tls;  // null: the fetcher's
  net::StopSource* stop = nullptr;                // ends calls early
};

class Caller {
 public:
  Caller(http::Fetcher& fetcher, const Environment& environment, const Profiles& profiles, CallerOptions options);

  // Errors as EcsApi has them; the message begins with service and operation.
  template <class Op>
  net::Task<Result<typename Op::Response>> call(typename Op::Request request, CredentialSource& credentials) {
    typename Op::Response response;
    const EncodedCall encoded = encode_call<Op>(request);
    Decoder<Op> decoder(response);
    FL_CO_TRY_VOID(co_await send(encoded, credentials, decoder));
    co_return response;
  }

  // A signed GET of a path at the service's endpoint, once; whatever status is answered.
  net::Task<Result<http::FetchResponse>> get(const ecs::ServiceModel& service, std::string path, std::string query,
                                             http::FetchHeaders headers, CredentialSource& credentials,
                                             Duration timeout);
  // Errors as find_endpoint has them.
  Result<const http::Url*> endpoint(const ecs::ServiceModel& service);

  const CallerOptions& options() const { return options_; }
  // Seconds-exact difference between AWS's clock and ours, as learnt so far.
  Duration clock_offset() const { return clock_offset_; }

 private:
  // Reads a successful answer's body.
  class AnswerReader {
   public:
    virtual Result<> read(std::string_view body) = 0;

   protected:
    ~AnswerReader() = default;
  };
  template <class Op>
  class Decoder final : public AnswerReader {
   public:
    explicit Decoder(typename Op::Response& out) : out_(out) {}
    Result<> read(std::string_view body) override { return decode_answer<Op>(body, out_); }

   private:
    typename Op::Response& out_;
  };
  struct Failure {
    Error error;
    bool may_retry = false;
  };

  net::Task<Result<>> send(const EncodedCall& call, CredentialSource& credentials, AnswerReader& reader);
  net::Task<tl::expected<void, Failure>> attempt(const EncodedCall& call, const http::Url& endpoint,
                                                 CredentialSource& credentials, AnswerReader& reader);
  Failure refusal(const EncodedCall& call, const http::FetchResponse& response, CredentialSource& credentials);
  bool learn_clock(const http::FetchResponse& response);
  net::Task<bool> pause(Duration d);

  http::Fetcher& fetcher_;
  const Environment& environment_;
  const Profiles& profiles_;
  CallerOptions options_;
  net::StopSource never_;
  Duration clock_offset_{0};
  std::map<std::string_view, http::Url> endpoints_;  // by service
  std::map<std::string, RateLimiter> limiters_;      // by service and operation
  std::minstd_rand random_{std::random_device{}()};
};

}  // namespace fl::aws
