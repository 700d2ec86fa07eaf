// A shell in a container, which clients ask for and cannot have: the answers are AWS's own for tasks that were not made
// for it.
#pragma once

#include "control/api/action.h"
#include "ecs/generated/ecs_shapes.h"

namespace fl::control::api {

// Always an error: TargetNotConnectedException where the task was run with execute command, for no agent runs in its
// containers; InvalidParameterException otherwise.
Answer<ecs::ExecuteCommandResponse> execute_command(const ReadCall& call, const ecs::ExecuteCommandRequest& request);

}  // namespace fl::control::api
