#include "control/reconcile/draft.h"

#include <algorithm>

#include "base/check.h"

namespace fl::control::reconcile {

Draft::Draft(const ServiceView& seen, const ClusterView& around, WallTime at)
    : service(seen), cluster(around), now(at), state(seen.state) {
  for (const DeploymentView& deployment : seen.deployments) states.push_back(deployment.state);
  const auto at_primary = std::ranges::find(states, DeploymentStatus::primary, &DeploymentState::status);
  FL_CHECK(at_primary != states.end());
  primary = static_cast<size_t>(at_primary - states.begin());
}

void Draft::wake_at(WallTime at) {
  if (!plan.next_wakeup || at < *plan.next_wakeup) plan.next_wakeup = at;
}

std::vector<std::string> Draft::make_task_ids(size_t count) {
  std::vector<std::string> ids;
  for (size_t i = 0; i < count; ++i)
    ids.push_back(fmt::format("{:016x}{:016x}", cluster.random.next(), cluster.random.next()));
  return ids;
}

void Draft::start(std::string id, std::string instance) {
  plan.start.push_back({std::move(id), std::string(primary_deployment().id), std::move(instance)});
}

void Draft::stop(const TaskView& task) {
  plan.stop.push_back({.id = std::string(task.id),
                       .reason = fmt::format("Scaling activity initiated by (deployment {})",
                                             service.deployments[task.deployment].id)});
}

void Draft::stop_unhealthy(const TaskView& task) {
  tell(fmt::format("(task {}) failed container health checks.", task.id));
  plan.stop.push_back({.id = std::string(task.id), .reason = "Task failed container health checks"});
}

void Draft::finish() {
  for (size_t i = 0; i < states.size(); ++i)
    if (states[i] != service.deployments[i].state)
      plan.deployments.push_back({std::string(service.deployments[i].id), states[i]});
  if (state != service.state) plan.service = state;
}

}  // namespace fl::control::reconcile
