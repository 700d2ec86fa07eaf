// `fairlead ecs status`: what a control plane runs, as a table for people. Asks by the ECS API, so it reads Amazon's
// as well as ours. `fairlead ecs logs` is handed on to ecs_logs.h.
#pragma once

#include <span>

namespace fl::app {

// -> exit code: 0, 1 when the control plane cannot be asked, 2 for wrong arguments
int run_ecs(std::span<const char* const> arguments);

}  // namespace fl::app
