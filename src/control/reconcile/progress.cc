#include "control/reconcile/progress.h"

#include <algorithm>
#include <unordered_map>

#include "control/reconcile/events.h"
#include "control/reconcile/outcome.h"

namespace fl::control::reconcile {
namespace {

// A deployment's tasks once the plan is applied.
struct Tally {
  int wanted = 0;   // desiredStatus RUNNING
  int present = 0;  // not STOPPED
};

std::vector<Tally> tally(const Draft& draft) {
  std::unordered_map<std::string_view, bool> is_lost_by_stopped;
  for (const StopTask& stop : draft.plan.stop) is_lost_by_stopped.emplace(stop.id, stop.is_lost);
  std::vector<Tally> tallies(draft.states.size());
  for (const TaskView& task : draft.service.tasks) {
    if (task.status == TaskStatus::stopped) continue;
    const auto stop = is_lost_by_stopped.empty() ? is_lost_by_stopped.end() : is_lost_by_stopped.find(task.id);
    const bool is_stopped = stop != is_lost_by_stopped.end();
    if (is_stopped && stop->second) continue;
    ++tallies[task.deployment].present;
    if (task.is_desired_running && !is_stopped) ++tallies[task.deployment].wanted;
  }
  tallies[draft.primary].present += static_cast<int>(draft.plan.start.size());
  return tallies;
}

// Old deployments end with their last task; but the one to roll back to stays until the rollout is COMPLETED.
void end_old_deployments(Draft& draft, const std::vector<Tally>& tallies) {
  const auto spare =
      draft.primary_state().rollout_state == RolloutState::completed ? std::nullopt : rollback_target(draft);
  for (size_t i = 0; i < draft.states.size(); ++i) {
    if (i == draft.primary) continue;
    draft.states[i].desired_count = tallies[i].wanted;
    draft.states[i].status =
        tallies[i].present > 0 || i == spare ? DeploymentStatus::active : DeploymentStatus::inactive;
  }
}

void note_steadiness(Draft& draft, bool is_steady) {
  ServiceState& state = draft.state;
  const bool is_due = !state.is_steady || !state.steady_event_at || draft.now >= *state.steady_event_at + kEventRepeats;
  state.is_steady = is_steady;
  if (!is_steady) return;
  if (is_due) {
    draft.tell("has reached a steady state.");
    state.steady_event_at = draft.now;
  }
  draft.wake_at(*state.steady_event_at + kEventRepeats);
}

}  // namespace

void conclude(Draft& draft, const Roster& roster, const Progress& progress) {
  const std::vector<Tally> tallies = tally(draft);
  bool are_others_gone = true;
  for (size_t i = 0; i < tallies.size(); ++i)
    if (i != draft.primary && tallies[i].present > 0) are_others_gone = false;

  DeploymentState& state = draft.primary_state();
  const std::string_view id = draft.primary_deployment().id;
  state.desired_count = progress.desired;
  if (state.rollout_state_reason.empty())
    state.rollout_state_reason = fmt::format("ECS deployment {} in progress.", id);
  if (state.rollout_state == RolloutState::in_progress && progress.is_served && are_others_gone) {
    state.rollout_state = RolloutState::completed;
    state.rollout_state_reason = fmt::format("ECS deployment {} completed.", id);
    draft.tell_of(draft.primary, "deployment completed.");
  }
  end_old_deployments(draft, tallies);
  tell_protected_surplus(draft, progress.protected_surplus);
  note_steadiness(draft, state.rollout_state == RolloutState::completed && progress.is_served && are_others_gone &&
                             progress.protected_surplus == 0 && roster.leavers.empty() && roster.stopping.empty() &&
                             draft.plan.stop.empty());
}

}  // namespace fl::control::reconcile
