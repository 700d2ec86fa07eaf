// A new task on an instance: the record, PENDING, as RunTask, StartTask and the service scheduler make it. Pure.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "base/time.h"
#include "control/state/ids.h"
#include "control/state/view.h"

namespace fl::control::tasks {

struct TaskOrder {
  std::string id;                         // 32 hex digits
  std::string group;                      // service:NAME, family:NAME or the caller's
  std::string service;                    // empty: a standalone task
  std::optional<std::string> started_by;  // a service's task: its deployment's id
  std::string launch_type;
  std::string capacity_provider;                // empty: no strategy decided
  std::optional<std::string> platform_version;  // of FARGATE
  ecs::TaskOverride overrides;
  std::vector<ecs::Tag> tags;
  bool enable_execute_command = false;
};

state::Task make_task(const state::Scope& scope, const state::TaskDefinition& definition,
                      const state::ContainerInstance& instance, TaskOrder order, WallTime now, state::IdSource& ids);

// Tags that a task gets besides its own: those of enableECSManagedTags, and of `propagated` (its definition's or its
// service's), the task's own winning.
std::vector<ecs::Tag> tags_of_task(std::vector<ecs::Tag> own, const std::vector<ecs::Tag>& propagated,
                                   bool has_managed_tags, std::string_view cluster, std::string_view service);

}  // namespace fl::control::tasks
