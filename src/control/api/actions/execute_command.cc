#include "control/api/actions/execute_command.h"

#include <algorithm>

#include "control/api/names.h"

namespace fl::control::api {
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

}  // namespace fl::control::api
