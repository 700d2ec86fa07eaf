// Which one kind a service or middleware is. Pure; any thread.
#pragma once

#include <string_view>

#include "base/result.h"
#include "config/dynamic/configuration.h"

namespace fl::config::dynamic {

// The option's name as it is written: "loadBalancer", "basicAuth"; a plugin's own name for a plugin. It lives as long
// as the object. Errors: no kind, or more than one, in Traefik's words; the caller puts what it is and its name before.
Result<std::string_view> kind_of(const Service& service);
Result<std::string_view> kind_of(const Middleware& middleware);
Result<std::string_view> kind_of(const TcpService& service);
Result<std::string_view> kind_of(const TcpMiddleware& middleware);
Result<std::string_view> kind_of(const UdpService& service);

}  // namespace fl::config::dynamic
