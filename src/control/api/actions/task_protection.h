// Scale-in protection: until it is over, neither scale-in nor a deployment stops a task of a service. What the service
// scheduler makes of it is control/reconcile's.
#pragma once

#include "control/api/action.h"
#include "ecs/generated/ecs_shapes.h"

namespace fl::control::api {

// Failures: MISSING; TASK_NOT_VALID for a task of no service.
Answer<ecs::GetTaskProtectionResponse> get_task_protection(const ReadCall& call,
                                                           const ecs::GetTaskProtectionRequest& request);

// Failures: those, TASK_NOT_VALID also for a task that is stopping, and DEPLOYMENT_BLOCKED when more tasks of the
// service would be protected than it is to have. Source: ECS developer guide, "Task scale-in protection".
Answer<ecs::UpdateTaskProtectionResponse> update_task_protection(const WriteCall& call,
                                                                 const ecs::UpdateTaskProtectionRequest& request);

}  // namespace fl::control::api
