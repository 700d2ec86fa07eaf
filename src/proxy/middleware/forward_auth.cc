#include "proxy/middleware/forward_auth.h"

#include <fmt/format.h>

#include <algorithm>

#include "base/log.h"
#include "base/regex.h"
#include "base/strings.h"
#include "http/grammar.h"
#include "proxy/forward/forward.h"
#include "proxy/held_body.h"
#include "proxy/middleware/auth_question.h"
#include "proxy/middleware/redirect.h"
#include "proxy/request_checkpoint.h"

namespace fl::proxy::middleware {
namespace {

using http::Exchange;
using http::HeaderId;

constexpr Duration kPatience = 30s;

// As Go spells a field's name: "x-auth-USER" is X-Auth-User.
std::string_view canonical(std::string_view name, Arena& arena) {
  const std::span<char> out = arena.array<char>(name.size());
  bool begins = true;
  for (size_t i = 0; i < name.size(); ++i) {
    out[i] = begins ? ascii_upper(name[i]) : ascii_lower(name[i]);
    begins = name[i] == '-';
  }
  return {out.data(), out.size()};
}

std::string_view cookie_name(std::string_view set_cookie) {
  return trim(set_cookie.substr(0, set_cookie.find_first_of("=;")));
}

// Ends the reading of a body that takes too long.
class Deadline final : public net::Timer {
 public:
  Deadline(net::Loop& loop, http::BodySource& body)
      : Timer([](net::Timer& timer) { static_cast<Deadline&>(timer).body_.abandon(); }), body_(body) {
    loop.timers().set(*this, loop.now() + kPatience);
  }

 private:
  http::BodySource& body_;
};

// A body that has been read. The one it was read from stays, for the head of the answer may lie in its connection.
class ReadBody final : public http::BodySource {
 public:
  ReadBody(std::string text, std::unique_ptr<http::BodySource> from) : text_(std::move(text)), from_(std::move(from)) {}
  http::BodyChunk take() override { return text_.take(); }
  net::Task<http::BodyChunk> read() override { return text_.read(); }
  std::optional<uint64_t> remaining() const override { return text_.remaining(); }

 private:
  http::OwnedTextBody text_;
  std::unique_ptr<http::BodySource> from_;
};

class ForwardAuth final : public http::Handler {
 public:
  ForwardAuth(const config::dynamic::ForwardAuth& options, http::Url address, std::optional<Regex> fields_by_regex,
              std::string signin, HandlerPtr next, std::shared_ptr<const UpstreamSpec> server)
      : question_(options, std::move(address)),
        address_(options.address),
        fields_by_regex_(std::move(fields_by_regex)),
        cookies_(options.add_auth_cookies_to_response),
        user_field_(options.header_field),
        signin_(std::move(signin)),
        forward_body_(options.forward_body),
        most_asked_(HeldBody::limit_of(options.max_body_size)),
        most_answered_(HeldBody::limit_of(options.max_response_body_size.value_or(-1))),
        preserve_location_(options.preserve_location_header),
        next_(std::move(next)),
        server_(std::move(server)) {
    Arena arena;
    for (const std::string& name : options.auth_response_headers) fields_.emplace_back(canonical(name, arena));
  }

  net::Task<> handle(Exchange& x) const override {
    HeldBody held;
    http::BodySource* const body = x.request_body;
    if (forward_body_) {
      if (const auto error = co_await held.hold(x, most_asked_); error != http::BodyError::none)
        co_return answer_body_error(x, error);
      if (held.is_too_long()) co_return x.respond(401, {}, {});
    }
    const RequestCheckpoint came(x);
    question_.ask(x, held.replay(x));
    const uint16_t status = co_await ask(x);
    const Reading reading = status == 0 ? Reading::failed : co_await read_answer(x);

    came.restore(x);
    if (x.drop_connection) co_return;
    std::span<const std::string_view> cookies;
    const bool may_pass = reading == Reading::done && is_success(status);
    if (may_pass) {
      take_fields(x);
      cookies = take_cookies(x);
    }
    if (const auto* user = user_field_.empty() ? nullptr : x.response.headers.find(user_field_); user != nullptr)
      Transaction::of(x).record.client_user = x.arena.copy(*user);
    if (reading == Reading::done && !may_pass && (signin_.empty() || status != 401)) {
      x.request_body = body;
      co_return finish_refusal(x);
    }
    co_await x.drop_answer();
    x.request_body = forward_body_ ? held.replay(x) : body;
    if (reading == Reading::failed) co_return x.respond(500, {}, {});
    if (reading == Reading::too_large) co_return x.respond(401, {}, {});
    if (!may_pass) co_return co_await answer_redirect(x, 302, signin_);
    co_await next_->handle(x);
    if (!cookies.empty()) add_cookies(x, cookies);
  }

 private:
  enum class Reading : uint8_t { done, too_large, failed };

  static bool is_success(uint16_t status) { return status >= 200 && status < 300; }

  // -> the status of the answer in the exchange; 0: none came. The record tells of the request's own server only.
  net::Task<uint16_t> ask(Exchange& x) const {
    Transaction& transaction = Transaction::of(x);
    telemetry::RequestRecord& record = transaction.record;
    transaction.append_forwarded_for = false;
    record.origin_status = 0;
    record.server_url = address_;
    co_await forward(x, server_, {.pass_host_header = false, .pass_proxy_authenticate = true});
    record.server_url = record.server_address = {};
    record.origin_duration = {};
    co_return std::exchange(record.origin_status, 0);
  }

  // Reads the body of an answer that has a limit or will not be seen, so that its connection can carry another.
  net::Task<Reading> read_answer(Exchange& x) const {
    const bool is_dropped = is_success(x.response.status);
    if (x.response_body == nullptr || (!is_dropped && most_answered_ == HeldBody::kNoLimit)) co_return Reading::done;
    http::BodySource& body = *x.response_body;
    if (const auto left = body.remaining(); left && *left > most_answered_) co_return Reading::too_large;
    net::Loop& loop = Transaction::of(x).worker.loop();
    const Deadline deadline(loop, body);
    std::string text;
    for (uint64_t size = 0;;) {
      http::BodyChunk chunk = body.take();
      if (!chunk.ready()) chunk = co_await body.read();
      if (chunk.error != http::BodyError::none) {
        log::debug("{}: the body of its answer broke off", address_);
        co_return Reading::failed;
      }
      size += chunk.data.size();
      if (size > most_answered_) co_return Reading::too_large;
      if (!is_dropped) text += chunk.data;
      if (chunk.last) break;
      if (loop.budget() <= 0) co_await net::yield();
    }
    if (!is_dropped) x.response_body = std::make_unique<ReadBody>(std::move(text), std::move(x.response_body));
    co_return Reading::done;
  }

  // Fields of the answer replace those of the request.
  void take_fields(Exchange& x) const {
    http::HeaderMap& headers = x.request.headers;
    for (const std::string& name : fields_) {
      headers.remove(name);
      for (const http::Field& field : x.response.headers)
        if (iequals(field.name, name)) headers.append(field.id, name, x.arena.copy(field.value));
    }
    if (!fields_by_regex_) return;
    headers.remove_if([&](const http::Field& field) {
      return field.id != HeaderId::host && fields_by_regex_->matches(canonical(field.name, x.arena));
    });
    for (const http::Field& field : x.response.headers)
      if (const std::string_view name = canonical(field.name, x.arena); fields_by_regex_->matches(name))
        headers.append(field.id, name, x.arena.copy(field.value));
  }

  bool is_passed_on(std::string_view set_cookie) const {
    return std::ranges::find(cookies_, cookie_name(set_cookie)) != cookies_.end();
  }

  // The cookies of the answer; empty when none is to be passed on.
  std::span<const std::string_view> take_cookies(Exchange& x) const {
    if (cookies_.empty()) return {};
    const auto is_cookie = [](const http::Field& field) { return field.id == HeaderId::set_cookie; };
    const std::span<std::string_view> all =
        x.arena.array<std::string_view>(static_cast<size_t>(std::ranges::count_if(x.response.headers, is_cookie)));
    for (size_t i = 0; const http::Field& field : x.response.headers)
      if (is_cookie(field)) all[i++] = x.arena.copy(field.value);
    return all;
  }

  // The service's own cookies of these names give way.
  void add_cookies(Exchange& x, std::span<const std::string_view> cookies) const {
    http::HeaderMap& headers = x.response.headers;
    headers.remove_if([this](const http::Field& f) { return f.id == HeaderId::set_cookie && is_passed_on(f.value); });
    for (const std::string_view cookie : cookies)
      if (is_passed_on(cookie)) headers.append(HeaderId::set_cookie, cookie);
  }

  void finish_refusal(Exchange& x) const {
    if (preserve_location_) return;
    const auto* const location = x.response.headers.find(HeaderId::location);
    if (location != nullptr && !location->empty())
      x.response.headers.set(HeaderId::location, x.arena.copy(question_.address().resolve(*location)));
  }

  const AuthQuestion question_;
  const std::string address_;  // as configured
  std::vector<std::string> fields_;
  const std::optional<Regex> fields_by_regex_;
  const std::vector<std::string> cookies_;
  const std::string user_field_;
  const std::string signin_;
  const bool forward_body_;
  const uint64_t most_asked_, most_answered_;
  const bool preserve_location_;
  const HandlerPtr next_;
  const std::shared_ptr<const UpstreamSpec> server_;
};

}  // namespace

Result<std::shared_ptr<const UpstreamSpec>> find_auth_server(const config::dynamic::ForwardAuth& options,
                                                             std::string_view name, TargetSource& source) {
  FL_TRY(const http::Url address, http::Url::parse(options.address));
  return source.get({.middleware = name,
                     .origin = (address.https ? "https://" : "http://") + address.authority(),
                     .tls = options.tls,
                     .patience = kPatience});
}

Result<HandlerPtr> make_forward_auth(const config::dynamic::ForwardAuth& options, HandlerPtr next,
                                     std::shared_ptr<const UpstreamSpec> server) {
  auto address = http::Url::parse(options.address);
  if (!address) return tl::make_unexpected(std::move(address).error().context("address"));
  if (options.tls && options.tls->cert.empty() != options.tls->key.empty())
    return fail(Code::invalid, "tls: cert and key go together");
  for (const auto* names : {&options.auth_response_headers, &options.auth_request_headers})
    for (const std::string& name : *names)
      if (!http::is_token(name)) return fail(Code::invalid, fmt::format("\"{}\" is no name of a field", name));
  std::optional<Regex> fields_by_regex;
  if (!options.auth_response_headers_regex.empty()) {
    auto compiled = Regex::compile(options.auth_response_headers_regex);
    if (!compiled) return tl::make_unexpected(std::move(compiled).error().context("authResponseHeadersRegex"));
    fields_by_regex = *std::move(compiled);
  }
  Arena arena;
  const auto signin = make_location(options.auth_signin_url, arena);
  if (!signin) return fail(Code::invalid, fmt::format("authSigninURL \"{}\" is no URL", options.auth_signin_url));
  return std::make_shared<ForwardAuth>(options, *std::move(address), std::move(fields_by_regex), std::string(*signin),
                                       std::move(next), std::move(server));
}

}  // namespace fl::proxy::middleware
