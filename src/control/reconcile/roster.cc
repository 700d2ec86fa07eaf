#include "control/reconcile/roster.h"

#include <algorithm>

namespace fl::control::reconcile {
namespace {

size_t count_healthy(const std::vector<Member>& members) {
  return static_cast<size_t>(std::ranges::count(members, true, &Member::is_healthy));
}

void stop_lost(Draft& draft, const TaskView& task, std::string reason) {
  draft.plan.stop.push_back(
      {.id = std::string(task.id), .code = StopCode::termination_notice, .reason = std::move(reason), .is_lost = true});
}

// Whether nobody will hear of the task again; it is in the plan then.
bool is_lost(Draft& draft, const TaskView& task, const schedule::Capacity::Instance* instance) {
  if (instance == nullptr) {
    stop_lost(draft, task, fmt::format("Container instance {} deregistered", task.instance));
    return true;
  }
  const auto& since = instance->view.disconnected_since;
  if (instance->view.agent_connected || !since || !draft.cluster.lost_after) return false;
  const WallTime lost_at = *since + *draft.cluster.lost_after;
  if (draft.now < lost_at) {
    draft.wake_at(lost_at);
    return false;
  }
  stop_lost(draft, task,
            fmt::format("Container instance {} lost: its agent has not been connected for {}", task.instance,
                        format_duration(std::chrono::floor<std::chrono::seconds>(draft.now - *since))));
  return true;
}

void judge_health(Draft& draft, Member& member) {
  const TaskView& task = *member.task;
  if (task.status != TaskStatus::running) return;
  if (task.health == TaskHealth::unhealthy) {
    const WallTime grace_ends = task.started_at.value_or(task.created_at) + draft.service.health_check_grace_period;
    member.is_unhealthy = draft.now >= grace_ends;
    if (!member.is_unhealthy) draft.wake_at(grace_ends);
    return;
  }
  member.is_healthy =
      task.health == TaskHealth::healthy || !draft.service.deployments[task.deployment].has_health_check;
}

void judge_protection(Draft& draft, Member& member) {
  const auto& until = member.task->protected_until;
  if (!until || draft.now >= *until || member.is_unhealthy) return;
  member.is_protected = true;
  draft.wake_at(*until);
}

}  // namespace

size_t Roster::healthy_keepers() const { return count_healthy(keepers); }
size_t Roster::healthy_leavers() const { return count_healthy(leavers) + count_healthy(protected_leavers); }

Roster make_roster(Draft& draft) {
  Roster roster;
  for (const TaskView& task : draft.service.tasks) {
    if (task.status == TaskStatus::stopped) continue;
    Member member{.task = &task, .instance = draft.cluster.capacity.find_instance(task.instance)};
    if (is_lost(draft, task, member.instance)) continue;
    if (!task.is_desired_running) {
      roster.stopping.push_back(member);
      continue;
    }
    judge_health(draft, member);
    judge_protection(draft, member);
    const bool may_stay = task.deployment == draft.primary && !member.is_unhealthy &&
                          member.instance->view.status == schedule::InstanceStatus::active;
    if (may_stay)
      roster.keepers.push_back(member);
    else if (member.is_protected)
      roster.protected_leavers.push_back(member);
    else if (task.status == TaskStatus::running)
      roster.leavers.push_back(member);
    else
      roster.pending_leavers.push_back(member);
  }
  return roster;
}

}  // namespace fl::control::reconcile
