#include "proxy/middleware/headers.h"

#include "base/strings.h"
#include "http/grammar.h"
#include "proxy/middleware/cors.h"
#include "proxy/middleware/field_edit.h"
#include "proxy/middleware/security_headers.h"

namespace fl::proxy::middleware {
namespace {

using http::HeaderId;

struct Edits {
  std::string host;  // empty: stays
  // X-Forwarded-For: "" removes it and keeps the peer from being added; an empty field tells forward() so.
  bool suppresses_forwarded_for = false;
  std::vector<FieldEdit> request;
  std::vector<FieldEdit> response;
};

class Headers final : public http::Handler {
 public:
  Headers(Edits edits, Cors cors, SecurityHeaders security, HandlerPtr next)
      : edits_(std::move(edits)),
        cors_(std::move(cors)),
        security_(std::move(security)),
        next_(std::move(next)),
        edits_response_(cors_.is_set() || security_.edits_response() || !edits_.response.empty()) {}

  net::Task<> handle(http::Exchange& x) const override {
    if (cors_.is_preflight(x)) return answer_preflight(x);
    const std::string_view* const field = cors_.is_set() ? x.request.headers.find(HeaderId::origin) : nullptr;
    const std::string_view origin = field == nullptr ? std::string_view{} : *field;  // before it may be removed
    edit_request(x);
    return edits_response_ ? serve_and_edit(x, origin) : serve(x);
  }

 private:
  net::Task<> answer_preflight(http::Exchange& x) const {
    cors_.answer_preflight(x);
    co_return;
  }

  static net::Task<> answer_bad_host(http::Exchange& x) {
    x.respond(500, "Bad Host\n");
    x.response.headers.append("X-Content-Type-Options", "nosniff");
    co_return;
  }

  net::Task<> serve(http::Exchange& x) const {
    return security_.allows_host(x) ? next_->handle(x) : answer_bad_host(x);
  }

  net::Task<> serve_and_edit(http::Exchange& x, std::string_view origin) const {
    const bool over_tls = security_.is_over_tls(x);
    co_await serve(x);
    http::HeaderMap& headers = x.response.headers;
    security_.edit_response(headers, over_tls);
    for (const FieldEdit& field : edits_.response) field.apply(headers);
    cors_.edit_response(headers, origin);
  }

  void edit_request(http::Exchange& x) const {
    if (!edits_.host.empty()) x.request.authority = edits_.host;
    for (const FieldEdit& field : edits_.request) field.apply(x.request.headers);
    if (edits_.suppresses_forwarded_for) x.request.headers.set(HeaderId::x_forwarded_for, {});
  }

  const Edits edits_;
  const Cors cors_;
  const SecurityHeaders security_;
  const HandlerPtr next_;
  const bool edits_response_;
};

Result<Edits> make_edits(const config::dynamic::Headers& options) {
  Edits edits;
  for (const auto& [name, value] : options.custom_request_headers) {
    FL_TRY(FieldEdit field, FieldEdit::make(name, value));
    const HeaderId id = http::classify_header(name);
    if (id == HeaderId::host) {
      if (!field.value.empty() && !http::is_authority(field.value))
        return fail(Code::invalid, "customRequestHeaders: \"" + value + "\" is not a host");
      edits.host = field.value;
    } else if (id == HeaderId::x_forwarded_for && field.value.empty()) {
      edits.suppresses_forwarded_for = true;
    } else {
      edits.request.push_back(std::move(field));
    }
  }
  for (const auto& [name, value] : options.custom_response_headers) {
    FL_TRY(FieldEdit field, FieldEdit::make(name, value));
    edits.response.push_back(std::move(field));
  }
  return edits;
}

}  // namespace

Result<HandlerPtr> make_headers(const config::dynamic::Headers& options, HandlerPtr next) {
  if (options == config::dynamic::Headers{}) return fail(Code::invalid, "headers configuration not valid");
  FL_TRY(Edits edits, make_edits(options));
  FL_TRY(Cors cors, Cors::make(options));
  FL_TRY(SecurityHeaders security, SecurityHeaders::make(options));
  return std::make_shared<Headers>(std::move(edits), std::move(cors), std::move(security), std::move(next));
}

}  // namespace fl::proxy::middleware
