// `fairlead agent`: makes this machine a container instance of a cluster and runs its tasks.
#pragma once

#include <span>

namespace fl::app {

// -> exit code; 1 when it cannot start. SIGTERM and SIGINT end it cleanly, with the tasks still running.
int run_agent_command(std::span<const char* const> arguments);

}  // namespace fl::app
