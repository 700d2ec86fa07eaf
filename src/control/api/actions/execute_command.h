// What clients ask of running tasks and cannot have yet: a shell in a container, and to be spared when a service
// scales in. The answers are AWS's own for tasks that were not made for it.
#pragma once

#include "control/api/action.h"
#include "ecs/generated/ecs_shapes.h"

namespace fl::control::api {

// Always an error: TargetNotConnectedException where the task was run with execute command, for no agent runs in its
// containers; InvalidParameterException otherwise.
Answer<ecs::ExecuteCommandResponse> execute_command(const ReadCall& call, const ecs::ExecuteCommandRequest& request);

// No task is protected. Failures: MISSING; TASK_NOT_VALID for a task of no service.
Answer<ecs::GetTaskProtectionResponse> get_task_protection(const ReadCall& call,
                                                           const ecs::GetTaskProtectionRequest& request);
// Ends a protection, which no task has. Errors: UnsupportedFeatureException when one is to begin.
Answer<ecs::UpdateTaskProtectionResponse> update_task_protection(const ReadCall& call,
                                                                 const ecs::UpdateTaskProtectionRequest& request);

}  // namespace fl::control::api
