#include "control/reconcile/outcome.h"

#include <algorithm>

namespace fl::control::reconcile {
namespace {

constexpr Duration kFirstDelay = 1s;
constexpr Duration kLongestDelay = 15min;  // AWS: "service throttle logic"
constexpr int kRoundsUntilTold = 3;
constexpr int kRoundsBetweenEvents = 24;  // six hours of the longest delay

// When the task became what a deployment wants of it; nullopt: it has not, as far as can be told.
std::optional<WallTime> success_time(const TaskView& task, bool has_health_check) {
  if (!has_health_check || !task.started_at) return task.started_at;
  return task.health == TaskHealth::healthy ? std::max(*task.started_at, task.healthy_at.value_or(*task.started_at))
                                            : task.healthy_at;
}

// Nobody asked it to stop, and it never ran.
bool has_failed_to_start(const TaskView& task) {
  return task.status == TaskStatus::stopped && !task.started_at &&
         (task.stop_code == StopCode::task_failed_to_start || task.stop_code == StopCode::essential_container_exited);
}

// One more round of failures, unless the task is from before the last one was counted.
void throttle(Draft& draft, const TaskView& task) {
  DeploymentState& state = draft.primary_state();
  const bool is_past = state.throttled_at && *state.throttled_at <= draft.now;  // a clock may have been set back
  if (is_past && task.created_at < *state.throttled_at) return;
  state.throttled_at = draft.now;
  if (++state.start_failures % kRoundsBetweenEvents == kRoundsUntilTold)
    draft.tell("is unable to consistently start tasks successfully.");
}

}  // namespace

void count_outcomes(Draft& draft) {
  DeploymentState& state = draft.primary_state();
  std::optional<WallTime> newest_success = state.last_success_at;
  std::vector<const TaskView*> failures;
  for (const TaskView& task : draft.service.tasks) {
    if (task.status == TaskStatus::stopped) draft.plan.settled.emplace_back(task.id);
    if (task.deployment != draft.primary) continue;
    if (has_failed_to_start(task)) failures.push_back(&task);
    const auto success = success_time(task, draft.primary_deployment().has_health_check);
    if (success && (!newest_success || *success > *newest_success)) newest_success = success;
  }

  const bool is_troubled = state.failed_tasks > 0 || state.start_failures > 0;
  if (failures.empty() && !is_troubled) return;  // nothing a success could undo: it need not be written down
  if (newest_success != state.last_success_at) {
    state.last_success_at = newest_success;
    state.failed_tasks = 0;
    state.start_failures = 0;
    state.throttled_at.reset();
  }
  for (const TaskView* task : failures) {
    if (newest_success && task->stopped_at.value_or(draft.now) < *newest_success) continue;  // followed by a success
    ++state.failed_tasks;
    throttle(draft, *task);
  }
}

void count_unhealthy(Draft& draft, const TaskView& task) {
  if (task.deployment != draft.primary) return;
  ++draft.primary_state().failed_tasks;
  // Its own success, and those before it, are not to reset what has been counted now.
  auto& last = draft.primary_state().last_success_at;
  last = std::max(last.value_or(draft.now), draft.now);
}

int circuit_breaker_threshold(int desired) { return std::clamp((desired + 1) / 2, 3, 200); }

bool is_circuit_breaker_due(Draft& draft, int desired) {
  const DeploymentState& state = draft.primary_state();
  return draft.service.has_circuit_breaker && state.rollout_state == RolloutState::in_progress &&
         state.failed_tasks >= circuit_breaker_threshold(desired);
}

std::optional<size_t> rollback_target(const Draft& draft) {
  std::optional<size_t> target;
  for (size_t i = 0; i < draft.states.size(); ++i) {
    if (i == draft.primary || draft.states[i].rollout_state != RolloutState::completed) continue;
    if (!target || draft.service.deployments[i].created_at > draft.service.deployments[*target].created_at) target = i;
  }
  return target;
}

void check_circuit_breaker(Draft& draft, int desired) {
  if (!is_circuit_breaker_due(draft, desired)) return;
  DeploymentState& failed = draft.primary_state();
  failed.rollout_state = RolloutState::failed;
  failed.rollout_state_reason = "ECS deployment circuit breaker: tasks failed to start.";
  draft.tell_of(draft.primary, "deployment failed: tasks failed to start.");
  const auto target = draft.service.may_roll_back ? rollback_target(draft) : std::nullopt;
  if (!target) return;
  failed.status = DeploymentStatus::active;
  draft.primary = *target;
  const std::string_view id = draft.primary_deployment().id;
  draft.primary_state() = {.rollout_state_reason =
                               fmt::format("ECS deployment circuit breaker: rolling back to deploymentId {}.", id)};
  draft.tell(fmt::format("rolling back to deployment {}.", id));
}

WallTime may_start_at(const DeploymentState& deployment, WallTime now) {
  if (!deployment.throttled_at || *deployment.throttled_at > now) return WallTime::min();
  Duration delay = kFirstDelay;
  for (int round = 1; round < deployment.start_failures && delay < kLongestDelay; ++round) delay *= 2;
  return *deployment.throttled_at + std::min(delay, kLongestDelay);
}

}  // namespace fl::control::reconcile
