#include "control/api/actions/task_protection.h"

#include <algorithm>
#include <chrono>

#include "control/api/names.h"
#include "control/state/transaction.h"
#include "control/tasks/transitions.h"

namespace fl::control::api {
namespace {

constexpr size_t kMostToGet = 100, kMostToUpdate = 10;
constexpr int32_t kDefaultMinutes = 120, kMostMinutes = 2880;

bool is_protected(const state::Task& task, WallTime now) {
  return task.protected_until && now < *task.protected_until && !tasks::is_stopped(task);
}

ecs::ProtectedTask answer_of(const state::Task& task, WallTime now) {
  const bool is_on = is_protected(task, now);
  return {.task_arn = task.shape.task_arn,
          .protection_enabled = is_on,
          .expiration_date = is_on ? task.protected_until : std::nullopt};
}

// The task of that id or ARN, or why it cannot be one to protect.
tl::expected<const state::Task*, ecs::Failure> find_service_task(const state::Scope& scope,
                                                                 const state::Partition& state,
                                                                 const state::Cluster& cluster,
                                                                 const std::string& name) {
  const state::Task* task = find_task(scope, state, cluster.name, name);
  if (task == nullptr || tasks::is_stopped(*task))
    return tl::make_unexpected(
        ecs::Failure{.arn = name.starts_with("arn:") ? name : task_arn(scope, cluster.name, name),
                     .reason = "MISSING",
                     .detail = {}});
  if (task->service.empty())
    return tl::make_unexpected(ecs::Failure{.arn = task->shape.task_arn,
                                            .reason = "TASK_NOT_VALID",
                                            .detail = "The specified task is not part of an Amazon ECS service."});
  return task;
}

int32_t desired_count(const state::Service& service) {
  if (service.shape.scheduling_strategy != "DAEMON") return service.shape.desired_count.value_or(0);
  const auto primary = std::ranges::find(service.deployments, reconcile::DeploymentStatus::primary,
                                         [](const state::Deployment& d) { return d.state.status; });
  return primary == service.deployments.end() ? 0 : primary->state.desired_count;
}

// Whether the service could not get on if this task were protected beside those that are.
bool would_block(const state::Transaction& tx, const state::Task& task) {
  const state::Service* service = tx.state().services().find({task.cluster, task.service});
  if (service == nullptr) return true;  // nothing will be scheduled for it any more
  int32_t others = 0;
  for (const auto& other :
       tx.state().tasks().by<state::task::ByService>().range(std::tuple(task.cluster, task.service)))
    if (other->id != task.id && is_protected(*other, tx.now())) ++others;
  return others + 1 > desired_count(*service);
}

std::optional<ecs::Failure> refusal(const state::Transaction& tx, const state::Task& task) {
  if (tasks::is_to_stop(task))
    return ecs::Failure{
        .arn = task.shape.task_arn, .reason = "TASK_NOT_VALID", .detail = "The specified task is stopping."};
  if (would_block(tx, task))
    return ecs::Failure{.arn = task.shape.task_arn,
                        .reason = "DEPLOYMENT_BLOCKED",
                        .detail = "The service has as many protected tasks as it is to have tasks."};
  return std::nullopt;
}

}  // namespace

Answer<ecs::GetTaskProtectionResponse> get_task_protection(const ReadCall& call,
                                                           const ecs::GetTaskProtectionRequest& request) {
  FL_TRY(const state::Cluster* cluster, find_cluster(call.scope, call.state, request.cluster));
  const std::vector<std::string>& names = ecs::items(request.tasks);
  if (names.size() > kMostToGet) return invalid_parameter("tasks can have at most 100 items.");
  ecs::GetTaskProtectionResponse response{.protected_tasks = {{}}, .failures = {{}}};
  for (const std::string& name : names) {
    if (auto task = find_service_task(call.scope, call.state, *cluster, name))
      response.protected_tasks->push_back(answer_of(**task, call.now));
    else
      response.failures->push_back(std::move(task).error());
  }
  return response;
}

Answer<ecs::UpdateTaskProtectionResponse> update_task_protection(const WriteCall& call,
                                                                 const ecs::UpdateTaskProtectionRequest& request) {
  state::Transaction& tx = call.transaction;
  FL_TRY(const state::Cluster* cluster, find_cluster(tx.scope(), tx.state(), request.cluster));
  if (request.tasks->empty() || request.tasks->size() > kMostToUpdate)
    return invalid_parameter("tasks must have between 1 and 10 items.");
  const int32_t minutes = request.expires_in_minutes.value_or(kDefaultMinutes);
  if (minutes < 1 || minutes > kMostMinutes) return invalid_parameter("expiresInMinutes must be between 1 and 2880.");
  ecs::UpdateTaskProtectionResponse response{.protected_tasks = {{}}, .failures = {{}}};
  for (const std::string& name : *request.tasks) {
    auto found = find_service_task(tx.scope(), tx.state(), *cluster, name);
    if (!found) {
      response.failures->push_back(std::move(found).error());
      continue;
    }
    state::Task task = **found;
    if (*request.protection_enabled) {
      if (auto why_not = refusal(tx, task)) {
        response.failures->push_back(std::move(*why_not));
        continue;
      }
      task.protected_until = tx.now() + std::chrono::minutes(minutes);
    } else {
      task.protected_until.reset();
    }
    response.protected_tasks->push_back(answer_of(task, tx.now()));
    tx.put(std::move(task));
  }
  return response;
}

}  // namespace fl::control::api
