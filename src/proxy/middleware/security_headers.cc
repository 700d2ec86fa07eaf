#include "proxy/middleware/security_headers.h"

#include <algorithm>

#include "base/strings.h"

namespace fl::proxy::middleware {

Result<SecurityHeaders> SecurityHeaders::make(const config::dynamic::Headers& options) {
  SecurityHeaders out;
  if (!options.is_development) out.allowed_hosts_ = options.allowed_hosts;
  out.host_fields_ = options.hosts_proxy_headers;
  out.tls_proxy_fields_ = options.ssl_proxy_headers;

  std::string sts, frame = options.custom_frame_options_value, xss = options.custom_browser_xss_value;
  if (const int64_t seconds = options.sts_seconds.value_or(0); seconds != 0 && !options.is_development)
    sts = "max-age=" + std::to_string(seconds) + (options.sts_include_subdomains ? "; includeSubDomains" : "") +
          (options.sts_preload ? "; preload" : "");
  if (frame.empty() && options.frame_deny) frame = "DENY";
  if (xss.empty() && options.browser_xss_filter) xss = "1; mode=block";

  const struct {
    std::vector<FieldEdit>& list;
    std::string_view name, value;
  } fields[] = {
      {options.force_sts_header ? out.fields_ : out.tls_fields_, "Strict-Transport-Security", sts},
      {out.fields_, "X-Frame-Options", frame},
      {out.fields_, "X-Content-Type-Options", options.content_type_nosniff ? "nosniff" : ""},
      {out.fields_, "X-XSS-Protection", xss},
      {out.tls_fields_, "Public-Key-Pins", options.is_development ? std::string_view{} : options.public_key},
      {out.fields_, "Content-Security-Policy", options.content_security_policy},
      {out.fields_, "Content-Security-Policy-Report-Only", options.content_security_policy_report_only},
      {out.fields_, "Referrer-Policy", options.referrer_policy},
      {out.fields_, "Permissions-Policy", options.permissions_policy},
  };
  for (const auto& [list, name, value] : fields) {
    if (value.empty()) continue;
    FL_TRY(FieldEdit field, FieldEdit::make(name, value));
    list.push_back(std::move(field));
  }
  return out;
}

bool SecurityHeaders::allows_host(const http::Exchange& x) const {
  if (allowed_hosts_.empty()) return true;
  std::string_view host = x.request.authority;
  for (const std::string& name : host_fields_) {
    const auto* value = x.request.headers.find(name);
    if (value == nullptr || value->empty()) continue;
    host = *value;
    break;
  }
  return std::ranges::any_of(allowed_hosts_, [host](const auto& allowed) { return iequals(allowed, host); });
}

bool SecurityHeaders::is_over_tls(const http::Exchange& x) const {
  return x.connection().tls || std::ranges::any_of(tls_proxy_fields_, [&](const auto& field) {
           const auto* value = x.request.headers.find(field.first);
           return value != nullptr && *value == field.second;
         });
}

void SecurityHeaders::edit_response(http::HeaderMap& headers, bool over_tls) const {
  for (const FieldEdit& field : fields_) field.apply(headers);
  if (!over_tls) return;
  for (const FieldEdit& field : tls_fields_) field.apply(headers);
}

}  // namespace fl::proxy::middleware
