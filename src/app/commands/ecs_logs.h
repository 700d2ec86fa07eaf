// `fairlead ecs logs`: the output of a task's containers, as the agent on this machine keeps it.
#pragma once

#include <span>

namespace fl::app {

// `arguments`: what stands after "logs". -> exit code: 0, 1 when there is no such task, 2 for wrong arguments
int run_ecs_logs(std::span<const char* const> arguments);

}  // namespace fl::app
