// Sticky sessions: a cookie names the child that served a client first (Traefik: sticky.cookie). Immutable.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "config/dynamic/http.h"
#include "http/exchange.h"

namespace fl::proxy {

class Sticky {
 public:
  // What a cookie may name a child by: a server's URL or a service's name.
  struct Child {
    std::string name;
    std::string other_name;  // found in cookies of another version; may be empty
  };
  // `service` names the cookie when the options do not.
  Sticky(const config::dynamic::Cookie& options, std::string_view service, const std::vector<Child>& children);

  struct Choice {
    int child = -1;      // position, or -1 when the cookie names none
    bool renew = false;  // named in an older way: the cookie is to be set again
  };
  Choice find(const http::HeaderMap& request_headers) const;

  // Set-Cookie for a child; the text lives in the arena.
  void set_cookie(http::Exchange& exchange, int child) const;

 private:
  struct Values {
    std::string current;              // first 16 hex digits of the name's SHA-256
    std::vector<std::string> legacy;  // what Traefik wrote before: the name, its FNV-1 hash, the hash's hash
  };
  std::string name_;
  std::string attributes_;
  std::vector<Values> children_;
};

// Default cookie name: "_" and five hex digits of a hash of the service's name.
std::string default_cookie_name(std::string_view service);

}  // namespace fl::proxy
