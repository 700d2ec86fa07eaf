// How a task's record changes in its life. Pure: record in, record changed.
//
//   PENDING ──agent: RUNNING──> RUNNING ──stop──> DEACTIVATING ──drain time over──> STOPPING ──agent: STOPPED──>
//   STOPPED
//      └──stop: desiredStatus STOPPED, the agent is told at once──────────────────────────────────────┘
//
// While a task is DEACTIVATING its containers run on: load balancers, which hear of every change, send it nothing new
// and finish what they have. Source: ECS developer guide, task lifecycle.
#pragma once

#include <string>
#include <string_view>

#include "base/time.h"
#include "control/state/records.h"

namespace fl::control::tasks {

inline bool is_stopped(const state::Task& task) { return task.shape.last_status == "STOPPED"; }
inline bool is_to_stop(const state::Task& task) { return task.shape.desired_status == "STOPPED"; }
// Whether its agent is to be told to stop it.
inline bool is_agent_to_stop(const state::Task& task) {
  return is_to_stop(task) && !is_stopped(task) && task.shape.last_status != "DEACTIVATING";
}

struct StopOrder {
  std::string reason;
  std::string_view code;  // UserInitiated, ...
  Duration drain_delay{};
};

// desiredStatus STOPPED. The first reason stays; a task that is to stop already does not change. -> whether it did
bool order_stop(state::Task& task, const StopOrder& order, WallTime now);

// The drain time is over.
void end_drain(state::Task& task, WallTime now);

// STOPPED, whatever its containers were: reported so, or lost with its instance.
void mark_stopped(state::Task& task, WallTime now);

// What an agent reports of a task.
void apply_report(state::Task& task, const ecs::SubmitTaskStateChangeRequest& report, WallTime now);
void apply_container_report(state::Task& task, const ecs::ContainerStateChange& report);

// healthStatus of a container, and of the task: HEALTHY when all its essential containers with checks are, UNHEALTHY
// when one of them is. -> whether anything changed
bool apply_health(state::Task& task, const ecs::TaskDefinition& definition, std::string_view container,
                  std::string_view health, WallTime now);

}  // namespace fl::control::tasks
