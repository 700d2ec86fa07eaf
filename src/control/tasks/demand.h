// What a task takes of an instance and asks of it, from its definition and what a request overrides. Pure.
// Source: ECS developer guide, task definition parameters and task placement.
#pragma once

#include <string>
#include <vector>

#include "control/schedule/types.h"
#include "control/state/records.h"

namespace fl::control::tasks {

// cpu and memory: the task's own where it has them, else the sum of its containers' (memoryReservation before memory).
// Ports: the fixed host ports of network modes bridge and host.
state::Reservation reservation_of(const ecs::TaskDefinition& definition, const ecs::TaskOverride* overrides = nullptr);

schedule::Resources to_resources(const state::Reservation& reservation);

// `constraints` and `strategies` are the service's or the request's; the definition's constraints come first.
schedule::TaskDemand demand_of(const state::TaskDefinition& definition, std::string group,
                               const std::vector<ecs::PlacementConstraint>& constraints,
                               const std::vector<ecs::PlacementStrategy>& strategies,
                               const ecs::TaskOverride* overrides = nullptr);

// Whether an essential container has a health check, so that RUNNING alone does not make the task HEALTHY.
bool has_health_check(const ecs::TaskDefinition& definition);

}  // namespace fl::control::tasks
