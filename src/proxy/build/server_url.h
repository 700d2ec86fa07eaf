// The URL of a server of a load balancer. Pure.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "base/result.h"

namespace fl::proxy {

struct ServerUrl {
  std::string scheme;  // lower case
  std::string host;    // without brackets
  uint16_t port = 0;   // the scheme's own when the URL names none
  bool default_port = false;
  std::string path;  // without trailing slash; may be empty

  std::string host_header() const;  // "10.0.0.5:8080", "[::1]", the port left out when it is the scheme's own
  std::string address() const;      // always with the port
};

// "http://10.0.0.5:8080/base". Errors: no URL, no host, a port out of range, user or query in it.
Result<ServerUrl> parse_server_url(std::string_view text);

}  // namespace fl::proxy
