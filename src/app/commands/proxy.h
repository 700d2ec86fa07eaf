// `fairlead [flags]`: the proxy, called as Traefik is.
#pragma once

#include <span>

namespace fl::app {

// -> exit code; 1 when the configuration is wrong, with every problem on stderr.
int run_proxy(std::span<const char* const> arguments);

}  // namespace fl::app
