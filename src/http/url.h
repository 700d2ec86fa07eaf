// Absolute http and https URLs, as configured endpoints have them. Pure; any thread.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "base/result.h"

namespace fl::http {

struct Url {
  bool https = false;
  std::string host;   // lower case; an IPv6 address without its brackets
  uint16_t port = 0;  // 80 or 443 when the URL names none
  std::string path;   // begins with '/'
  std::string query;  // without '?'
  bool has_query = false;

  // RFC 3986 3; no user, no fragment. Errors: anything else, with the text.
  static Result<Url> parse(std::string_view text);

  // Value of the Host field: the port is left out when it is the scheme's own.
  std::string authority() const;
  std::string target() const;  // path and query
  std::string to_string() const;
  // Where a reference in a document of this URL leads (RFC 3986 5.2): absolute, or as it is when it has a scheme.
  std::string resolve(std::string_view reference) const;
};

}  // namespace fl::http
