// `fairlead control`: the ECS-compatible control plane.
#pragma once

#include <span>

namespace fl::app {

// Serves until SIGINT or SIGTERM; SIGHUP reads the keys file again. -> exit code; 1 when the options are wrong or it
// cannot start, with every problem on stderr.
int run_control(std::span<const char* const> arguments);

}  // namespace fl::app
