// `fairlead version`: which program this is, in Traefik's five aligned lines.
#pragma once

#include <span>

namespace fl::app {

// No arguments. -> exit code; 2 when there are some.
int run_version(std::span<const char* const> arguments);

}  // namespace fl::app
