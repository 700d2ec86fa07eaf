#include "proxy/middleware/cors.h"

#include <algorithm>

namespace fl::proxy::middleware {
namespace {

using http::HeaderId;

constexpr std::string_view kAllowCredentials = "Access-Control-Allow-Credentials";
constexpr std::string_view kAllowHeaders = "Access-Control-Allow-Headers";
constexpr std::string_view kAllowMethods = "Access-Control-Allow-Methods";
constexpr std::string_view kAllowOrigin = "Access-Control-Allow-Origin";
constexpr std::string_view kExposeHeaders = "Access-Control-Expose-Headers";
constexpr std::string_view kMaxAge = "Access-Control-Max-Age";
constexpr std::string_view kRequestHeaders = "Access-Control-Request-Headers";
constexpr std::string_view kRequestMethod = "Access-Control-Request-Method";

bool has_wildcard(const std::vector<std::string>& list) { return std::ranges::find(list, "*") != list.end(); }

}  // namespace

Result<Cors> Cors::make(const config::dynamic::Headers& options) {
  Cors out;
  out.with_credentials_ = options.access_control_allow_credentials;
  out.adds_vary_ = options.add_vary_header;
  out.echoes_method_ = out.with_credentials_ && has_wildcard(options.access_control_allow_methods);
  out.echoes_headers_ = out.with_credentials_ && has_wildcard(options.access_control_allow_headers);
  out.origins_ = options.access_control_allow_origin_list;
  for (const std::string& pattern : options.access_control_allow_origin_list_regex) {
    FL_TRY(Regex expression, Regex::compile(pattern));
    out.origin_expressions_.push_back(std::move(expression));
  }
  const auto add_list = [&out](std::string_view name, const std::vector<std::string>& list) -> Result<> {
    if (list.empty()) return {};
    FL_TRY(FieldEdit field, FieldEdit::make(name, join(list, ",")));
    out.preflight_fields_.push_back(std::move(field));
    return {};
  };
  if (!out.echoes_headers_) FL_TRY_VOID(add_list(kAllowHeaders, options.access_control_allow_headers));
  if (!out.echoes_method_) FL_TRY_VOID(add_list(kAllowMethods, options.access_control_allow_methods));
  if (options.access_control_max_age != 0)
    FL_TRY_VOID(add_list(kMaxAge, {std::to_string(options.access_control_max_age)}));
  const auto& exposed = options.access_control_expose_headers;
  if (!exposed.empty() && !(out.with_credentials_ && has_wildcard(exposed))) {
    FL_TRY(FieldEdit field, FieldEdit::make(kExposeHeaders, join(exposed, ",")));
    out.expose_headers_ = std::move(field);
  }
  out.is_set_ = out.with_credentials_ || out.adds_vary_ || !out.origins_.empty() || !out.origin_expressions_.empty() ||
                !out.preflight_fields_.empty() || out.echoes_headers_ || out.echoes_method_ || !exposed.empty();
  return out;
}

bool Cors::is_preflight(const http::Exchange& x) const {
  const http::HeaderMap& headers = x.request.headers;
  return is_set_ && x.request.method_id == http::Method::options && !headers.value(HeaderId::origin).empty() &&
         !headers.value(kRequestMethod).empty();
}

void Cors::answer_preflight(http::Exchange& x) const {
  x.respond(200, {}, {});
  http::HeaderMap& out = x.response.headers;
  if (with_credentials_) out.append(kAllowCredentials, "true");
  for (const FieldEdit& field : preflight_fields_) out.append(field.name, field.value);
  const auto echo = [&](std::string_view name, std::string_view asked) {
    if (const auto* value = x.request.headers.find(asked)) out.append(name, *value);
  };
  if (echoes_method_) echo(kAllowMethods, kRequestMethod);
  if (echoes_headers_) echo(kAllowHeaders, kRequestHeaders);
  const std::string_view origin = allowed_origin(*x.request.headers.find(HeaderId::origin));
  if (!origin.empty()) out.append(kAllowOrigin, origin);
}

void Cors::edit_response(http::HeaderMap& headers, std::string_view origin) const {
  if (const std::string_view allowed = allowed_origin(origin); !allowed.empty()) headers.set(kAllowOrigin, allowed);
  if (with_credentials_) headers.set(kAllowCredentials, "true");
  if (expose_headers_) expose_headers_->apply(headers);
  const bool varies = std::ranges::any_of(
      headers, [](const auto& f) { return f.id == HeaderId::vary && http::has_token(f.value, "Origin"); });
  if (adds_vary_ && !varies) headers.append(HeaderId::vary, "Origin");
}

std::string_view Cors::allowed_origin(std::string_view origin) const {
  for (const std::string& item : origins_) {
    if (item == "*") return with_credentials_ ? origin : "*";
    if (item == origin) return origin;
  }
  for (const Regex& expression : origin_expressions_)
    if (expression.matches(origin)) return origin;
  return {};
}

}  // namespace fl::proxy::middleware
