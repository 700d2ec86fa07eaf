#include "aws/caller.h"

#include <fmt/format.h>

#include <algorithm>

#include "aws/endpoints.h"
#include "aws/sigv4.h"

namespace fl::aws {
namespace {

constexpr Duration kMaxBackoff = 20s;
// AWS accepts five minutes; less is not why a signature was refused.
constexpr Duration kTellingSkew = 4min;

bool is_clock_error(std::string_view type) {
  static constexpr std::string_view kTypes[] = {
      "InvalidSignatureException", "SignatureDoesNotMatch", "AuthFailure",
      "RequestTimeTooSkewed",      "RequestExpired",        "RequestInTheFuture"};
  return std::ranges::find(kTypes, type) != std::end(kTypes);
}

bool is_stale_credentials(std::string_view type) {
  static constexpr std::string_view kTypes[] = {"ExpiredToken", "ExpiredTokenException", "UnrecognizedClientException",
                                                "InvalidClientTokenId"};
  return std::ranges::find(kTypes, type) != std::end(kTypes);
}

}  // namespace

Caller::Caller(http::Fetcher& fetcher, const Environment& environment, const Profiles& profiles, CallerOptions options)
    : fetcher_(fetcher), environment_(environment), profiles_(profiles), options_(std::move(options)) {}

net::Task<Result<>> Caller::send(const EncodedCall& call, CredentialSource& credentials, AnswerReader& reader) {
  const std::string name = fmt::format("{} {}", call.service->endpoint_prefix, call.operation);
  RateLimiter& limiter = limiters_[name];
  const auto failed = [&](Error error) { return tl::make_unexpected(std::move(error).context(name)); };
  auto url = endpoint(*call.service);
  if (!url) co_return failed(std::move(url).error());

  Duration longest = options_.backoff;
  for (int tries = 1;; ++tries) {
    if (!co_await pause(limiter.reserve(fetcher_.loop().now()))) co_return failed({Code::canceled, "canceled"});
    auto result = co_await attempt(call, **url, credentials, reader);
    if (result) {
      limiter.on_success(fetcher_.loop().now());
      co_return Result<>();
    }
    Failure& failure = result.error();
    if (failure.error.code == Code::throttled) limiter.on_throttled(fetcher_.loop().now());
    if (!failure.may_retry || tries >= options_.max_attempts) {
      if (tries > 1) failure.error.message += fmt::format(" (after {} attempts)", tries);
      co_return failed(std::move(failure.error));
    }
    const double share = std::uniform_real_distribution<>(0, 1)(random_);
    const auto wait = std::chrono::duration_cast<Duration>(longest * share);
    longest = std::min(longest * 2, kMaxBackoff);
    if (!co_await pause(wait)) co_return failed({Code::canceled, "canceled"});
  }
}

net::Task<tl::expected<void, Caller::Failure>> Caller::attempt(const EncodedCall& call, const http::Url& endpoint,
                                                               CredentialSource& credentials, AnswerReader& reader) {
  http::FetchRequest request = make_request(call, endpoint);
  if (call.is_signed) {
    auto keys = co_await credentials.get();
    if (!keys) co_return tl::make_unexpected(Failure{std::move(keys).error()});
    SigningInput input{request.method, endpoint.path, endpoint.query, request.headers, request.body};
    input.headers.emplace_back("Host", endpoint.authority());
    const SigningScope scope{options_.region, call.service->signing_name};
    for (auto& header : sign(input, *keys, scope, fetcher_.loop().wall() + clock_offset_))
      request.headers.push_back(std::move(header));
  }
  auto response = co_await fetcher_.fetch(std::move(request),
                                          {.timeout = options_.timeout, .tls = options_.tls, .stop = options_.stop});
  if (!response) {
    Error error = std::move(response).error();
    const bool may_retry = error.code != Code::canceled && error.code != Code::denied && error.code != Code::exhausted;
    co_return tl::make_unexpected(Failure{std::move(error).context(endpoint.to_string()), may_retry});
  }
  if (response->status / 100 != 2) co_return tl::make_unexpected(refusal(call, *response, credentials));
  if (auto read = reader.read(response->body); !read) {
    Error error = std::move(read).error().context("the answer cannot be read");
    error.code = Code::unavailable;
    co_return tl::make_unexpected(Failure{std::move(error), true});
  }
  co_return tl::expected<void, Failure>();
}

net::Task<Result<http::FetchResponse>> Caller::get(const ecs::ServiceModel& service, std::string path,
                                                   std::string query, http::FetchHeaders headers,
                                                   CredentialSource& credentials, Duration timeout) {
  FL_CO_TRY(const http::Url* base, endpoint(service));
  http::FetchRequest request{.method = "GET", .url = *base, .headers = std::move(headers), .body = {}};
  request.url.path = std::move(path);
  request.url.has_query = !query.empty();
  request.url.query = std::move(query);
  request.url.has_query = !request.url.query.empty();
  FL_CO_TRY(const Credentials keys, co_await credentials.get());
  SigningInput input{request.method, request.url.path, request.url.query, request.headers, request.body};
  input.headers.emplace_back("Host", request.url.authority());
  for (auto& header :
       sign(input, keys, {options_.region, service.signing_name}, fetcher_.loop().wall() + clock_offset_))
    request.headers.push_back(std::move(header));
  co_return co_await fetcher_.fetch(std::move(request),
                                    {.timeout = timeout, .tls = options_.tls, .stop = options_.stop});
}

Caller::Failure Caller::refusal(const EncodedCall& call, const http::FetchResponse& response,
                                CredentialSource& credentials) {
  ServiceError said = read_error(call.service->protocol, response);
  bool may_retry = said.code == Code::throttled || said.code == Code::unavailable;
  if (is_clock_error(said.type) && learn_clock(response)) may_retry = true;
  if (is_stale_credentials(said.type)) {
    credentials.invalidate();
    may_retry = true;
  }
  std::string text = said.type.empty() ? fmt::format("HTTP status {}", response.status) : said.type;
  if (!said.message.empty()) text += ": " + said.message;
  return {{said.code, std::move(text)}, may_retry};
}

// True when the answer's Date shows that our clock is wrong by more than is known already.
bool Caller::learn_clock(const http::FetchResponse& response) {
  const auto date = parse_http_date(response.header("Date"));
  if (!date) return false;
  const Duration offset = *date - fetcher_.loop().wall();
  if (std::chrono::abs(offset - clock_offset_) < kTellingSkew) return false;
  clock_offset_ = offset;
  return true;
}

Result<const http::Url*> Caller::endpoint(const ecs::ServiceModel& service) {
  const auto known = endpoints_.find(service.id);
  if (known != endpoints_.end()) return &known->second;
  FL_TRY(http::Url url, find_endpoint(service, options_.region, environment_, profiles_));
  return &endpoints_.emplace(service.id, std::move(url)).first->second;
}

// -> false when asked to stop
net::Task<bool> Caller::pause(Duration d) {
  net::StopSource& stop = options_.stop != nullptr ? *options_.stop : never_;
  if (d <= Duration(0)) co_return !stop.stop_requested();
  co_return co_await net::sleep_for(d, stop);
}

}  // namespace fl::aws
