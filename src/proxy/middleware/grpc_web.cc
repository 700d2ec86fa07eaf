#include "proxy/middleware/grpc_web.h"

#include <algorithm>
#include <new>

#include "base/strings.h"
#include "proxy/middleware/grpc_web_body.h"
#include "proxy/transaction.h"

namespace fl::proxy::middleware {
namespace {

using http::Exchange;
using http::HeaderId;

constexpr std::string_view kWeb = "application/grpc-web";
constexpr std::string_view kText = "application/grpc-web-text";
constexpr std::string_view kPlain = "application/grpc";

// `type`, or `type` with a message format behind it.
bool is_of_type(std::string_view value, std::string_view type) {
  return iequals(value.substr(0, type.size()), type) &&
         (value.size() == type.size() || value[type.size()] == '+' || value[type.size()] == ';');
}

class GrpcWeb final : public http::Handler {
 public:
  GrpcWeb(std::vector<std::string> origins, HandlerPtr next) : origins_(std::move(origins)), next_(std::move(next)) {}

  net::Task<> handle(Exchange& x) const override {
    const http::HeaderMap& headers = x.request.headers;
    if (x.request.method_id == http::Method::options &&
        http::has_token(headers.value("Access-Control-Request-Headers"), "x-grpc-web"))
      return answer_preflight(x);
    const std::string_view type = headers.value("Content-Type");
    const bool as_text = is_of_type(type, kText);
    if (x.request.method_id != http::Method::post || (!as_text && !is_of_type(type, kWeb))) return next_->handle(x);
    return translate(x, as_text);
  }

 private:
  bool allows(std::string_view origin) const {
    return !origin.empty() &&
           std::ranges::any_of(origins_, [origin](const auto& o) { return o == "*" || o == origin; });
  }

  void allow(http::HeaderMap& to, std::string_view origin) const {
    to.append(HeaderId::vary, "Origin");
    if (!allows(origin)) return;
    to.set("Access-Control-Allow-Origin", origin);
    to.set("Access-Control-Allow-Credentials", "true");
  }

  net::Task<> answer_preflight(Exchange& x) const {
    const std::string_view origin = x.request.headers.value("Origin");
    x.respond(204, {}, {});
    http::HeaderMap& headers = x.response.headers;
    allow(headers, origin);
    if (!allows(origin)) co_return;
    headers.append("Access-Control-Allow-Methods", "POST");
    headers.append("Access-Control-Allow-Headers", x.request.headers.value("Access-Control-Request-Headers"));
    headers.append("Access-Control-Max-Age", "600");
  }

  net::Task<> translate(Exchange& x, bool as_text) const {
    http::RequestHead& request = x.request;
    if (telemetry::RequestRecord* const record = Transaction::record_of(x)) record->grpc_web = true;
    const std::string_view web_type = request.headers.value("Content-Type");
    const std::string_view format = web_type.substr(as_text ? kText.size() : kWeb.size());
    request.headers.set(HeaderId::content_type, x.arena.concat({kPlain, format}));
    request.headers.set(HeaderId::te, "trailers");
    const std::string_view origin = request.headers.value("Origin");
    if (as_text && x.request_body != nullptr) {
      void* const place = x.arena.allocate(sizeof(GrpcWebTextRequest), alignof(GrpcWebTextRequest));
      x.request_body = ::new (place) GrpcWebTextRequest(*x.request_body, x.arena);
      request.headers.remove(HeaderId::content_length);
      request.framing = http::Framing::chunked;
    }
    co_await next_->handle(x);

    http::ResponseHead& head = x.response;
    allow(head.headers, origin);
    if (allows(origin)) head.headers.set("Access-Control-Expose-Headers", exposed(x));
    const std::string_view type = head.headers.value("Content-Type");
    if (!is_of_type(type, kPlain)) co_return;
    head.headers.set(HeaderId::content_type, x.arena.concat({as_text ? kText : kWeb, type.substr(kPlain.size())}));
    // An answer of nothing but its head has its status there, where pages find it too.
    if (x.response_body == nullptr || head.framing == http::Framing::none) co_return;
    head.headers.remove(HeaderId::content_length);
    head.has_content_length = false;
    head.framing = http::Framing::chunked;
    x.response_body = std::make_unique<GrpcWebAnswer>(std::move(x.response_body), as_text, Transaction::record_of(x));
  }

  static std::string_view exposed(Exchange& x) {
    std::string names = "grpc-status, grpc-message";
    for (const http::Field& field : x.response.headers)
      if (field.id == HeaderId::other && !iequals(field.name.substr(0, 15), "access-control-"))
        names.append(", ").append(to_lower(field.name));
    return x.arena.copy(names);
  }

  const std::vector<std::string> origins_;
  const HandlerPtr next_;
};

}  // namespace

Result<HandlerPtr> make_grpc_web(const config::dynamic::GrpcWeb& options, HandlerPtr next) {
  return std::make_shared<GrpcWeb>(options.allow_origins, std::move(next));
}

}  // namespace fl::proxy::middleware
