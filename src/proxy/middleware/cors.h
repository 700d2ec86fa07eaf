// The accessControl... options of the headers middleware: who may read answers from a page of another origin.
// Immutable; any thread. Source: Traefik, Headers, CORS headers; WHATWG Fetch 3.3.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/regex.h"
#include "config/dynamic/middleware.h"
#include "http/exchange.h"
#include "proxy/middleware/field_edit.h"

namespace fl::proxy::middleware {

class Cors {
 public:
  // Errors: an expression or a header value is not valid.
  static Result<Cors> make(const config::dynamic::Headers& options);

  // Whether any of the options is set.
  bool is_set() const { return is_set_; }

  // A browser asks whether it may send a request. Answered here, never forwarded, whether or not the origin is allowed.
  bool is_preflight(const http::Exchange& exchange) const;
  void answer_preflight(http::Exchange& exchange) const;

  // `origin` is the request's, empty when it has none; it lives as long as the exchange.
  void edit_response(http::HeaderMap& headers, std::string_view origin) const;

 private:
  // Value of Access-Control-Allow-Origin; empty: the origin is not allowed.
  std::string_view allowed_origin(std::string_view origin) const;

  bool is_set_ = false;
  bool with_credentials_ = false;
  bool adds_vary_ = false;
  bool echoes_method_ = false;  // "*" means nothing with credentials: what was asked for is allowed by name
  bool echoes_headers_ = false;
  std::vector<std::string> origins_;
  std::vector<Regex> origin_expressions_;
  std::vector<FieldEdit> preflight_fields_;
  std::optional<FieldEdit> expose_headers_;
};

}  // namespace fl::proxy::middleware
