// The security options of the headers middleware: which hosts are answered, and fields that tell browsers to be strict.
// Immutable; any thread. Source: Traefik, Headers, security headers.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "config/dynamic/middleware.h"
#include "http/exchange.h"
#include "proxy/middleware/field_edit.h"

namespace fl::proxy::middleware {

class SecurityHeaders {
 public:
  // Errors: a header name or value is not valid.
  static Result<SecurityHeaders> make(const config::dynamic::Headers& options);

  // The request's host, or the first of hostsProxyHeaders that is there, is one of allowedHosts or nothing is listed.
  bool allows_host(const http::Exchange& exchange) const;

  // The client came by TLS, to us or to the proxy before us that says so in one of sslProxyHeaders.
  bool is_over_tls(const http::Exchange& exchange) const;

  // Whether edit_response() ever changes anything.
  bool edits_response() const { return !fields_.empty() || !tls_fields_.empty(); }
  void edit_response(http::HeaderMap& headers, bool over_tls) const;

 private:
  std::vector<std::string> allowed_hosts_;
  std::vector<std::string> host_fields_;
  config::Map<std::string> tls_proxy_fields_;
  std::vector<FieldEdit> fields_;
  std::vector<FieldEdit> tls_fields_;  // only for clients that came by TLS
};

}  // namespace fl::proxy::middleware
