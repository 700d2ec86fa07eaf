// `fairlead dev`: the whole stack in one process and one directory: control plane, agent with the best engine found,
// and the proxy that follows them through the ECS API, as it would follow Amazon's.
#pragma once

#include <span>

namespace fl::app {

// Runs until a signal; what comes after "--" goes to the proxy. -> exit code
int run_dev(std::span<const char* const> arguments);

}  // namespace fl::app
