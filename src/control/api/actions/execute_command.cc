#include "control/api/actions/task_refusals.h"

#include <algorithm>

#include "control/api/names.h"
#include "control/tasks/transitions.h"

namespace fl::control::api {
namespace {

constexpr size_t kMostTasks = 10;  // of UpdateTaskProtection

struct Unprotected {
  std::vector<ecs::ProtectedTask> tasks;
  std::vector<ecs::Failure> failures;
};

// `names`: ids or ARNs.
Unprotected unprotected(const ReadCall& call, const state::Cluster& cluster, const std::vector<std::string>& names) {
  Unprotected out;
  for (const std::string& name : names) {
    const state::Task* task = find_task(call.scope, call.state, cluster.name, name);
    const std::string arn = name.starts_with("arn:") ? name : task_arn(call.scope, cluster.name, name);
    if (task == nullptr || tasks::is_stopped(*task))
      out.failures.push_back({.arn = arn, .reason = "MISSING", .detail = {}});
    else if (task->service.empty())
      out.failures.push_back({.arn = arn,
                              .reason = "TASK_NOT_VALID",
                              .detail = "The specified task is not part of an Amazon ECS service."});
    else
      out.tasks.push_back({.task_arn = arn, .protection_enabled = false, .expiration_date = {}});
  }
  return out;
}

}  // namespace

Answer<ecs::ExecuteCommandResponse> execute_command(const ReadCall& call, const ecs::ExecuteCommandRequest& request) {
  FL_TRY(const state::Cluster* cluster, find_cluster(call.scope, call.state, request.cluster));
  if (!*request.interactive) return invalid_parameter("Interactive is the only mode supported currently.");
  const state::Task* task = find_task(call.scope, call.state, cluster->name, *request.task);
  if (task == nullptr) return invalid_parameter("The referenced task was not found.");
  const std::vector<ecs::Container>& containers = ecs::items(task->shape.containers);
  if (!request.container && containers.size() > 1)
    return invalid_parameter("Container name is required for multi-container tasks.");
  if (request.container && std::ranges::none_of(containers, [&](const ecs::Container& container) {
        return container.name == request.container;
      }))
    return invalid_parameter("The container does not exist in the task.");
  if (!task->shape.enable_execute_command.value_or(false))
    return invalid_parameter(
        "The execute command failed because execute command was not enabled when the task was run or the execute "
        "command agent isn't running. Wait and try again or run a new task with execute command enabled and try "
        "again.");
  return refuse("TargetNotConnectedException", "The execute command failed due to an internal error. Try again later.");
}

Answer<ecs::GetTaskProtectionResponse> get_task_protection(const ReadCall& call,
                                                           const ecs::GetTaskProtectionRequest& request) {
  FL_TRY(const state::Cluster* cluster, find_cluster(call.scope, call.state, request.cluster));
  Unprotected found = unprotected(call, *cluster, ecs::items(request.tasks));
  return ecs::GetTaskProtectionResponse{.protected_tasks = std::move(found.tasks),
                                        .failures = std::move(found.failures)};
}

Answer<ecs::UpdateTaskProtectionResponse> update_task_protection(const ReadCall& call,
                                                                 const ecs::UpdateTaskProtectionRequest& request) {
  FL_TRY(const state::Cluster* cluster, find_cluster(call.scope, call.state, request.cluster));
  if (request.tasks->empty() || request.tasks->size() > kMostTasks)
    return invalid_parameter("tasks must have between 1 and 10 items.");
  if (*request.protection_enabled) return unsupported_feature("fairlead does not protect tasks from scale-in.");
  Unprotected found = unprotected(call, *cluster, *request.tasks);
  return ecs::UpdateTaskProtectionResponse{.protected_tasks = std::move(found.tasks),
                                           .failures = std::move(found.failures)};
}

}  // namespace fl::control::api
