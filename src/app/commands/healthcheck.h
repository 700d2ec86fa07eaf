// `fairlead healthcheck [flags]`: asks the proxy of the same configuration on this machine how it is, for the
// HEALTHCHECK of a container. Source: Traefik, healthcheck command.
#pragma once

#include <span>

namespace fl::app {

// `arguments`: the flags of the proxy; without any its file or environment, as for the proxy itself. HEAD /ping over
// plain HTTP on ping's entry point, 5 s at most. -> 0 when it answers 200, else 1.
int run_healthcheck(std::span<const char* const> arguments);

}  // namespace fl::app
