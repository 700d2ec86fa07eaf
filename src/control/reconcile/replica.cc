#include "control/reconcile/replica.h"

#include <algorithm>

#include "control/reconcile/events.h"
#include "control/reconcile/make_room.h"
#include "control/reconcile/outcome.h"
#include "control/reconcile/percentages.h"
#include "control/schedule/choose_to_stop.h"
#include "control/schedule/place.h"

namespace fl::control::reconcile {
namespace {

class ReplicaPlanner {
 public:
  ReplicaPlanner(Draft& draft, const Roster& roster)
      : draft_(draft),
        roster_(roster),
        desired_(static_cast<size_t>(draft.service.desired_count)),
        percentages_(draft.service, draft.service.desired_count),
        fit_(*draft.primary_deployment().demand),
        healthy_(roster.healthy_keepers() + roster.healthy_leavers()),
        kept_(roster.keepers.size()),
        kept_healthy_(roster.healthy_keepers()),
        leavers_(roster.leavers),
        leaving_(roster.stopping) {
    // In the order in which they go: who does not serve, then the oldest.
    std::ranges::sort(leavers_, [](const Member& a, const Member& b) {
      if (a.is_healthy != b.is_healthy) return b.is_healthy;
      if (a.task->created_at != b.task->created_at) return a.task->created_at < b.task->created_at;
      return a.task->id < b.task->id;
    });
  }

  Progress plan() {
    for (const Member& member : roster_.pending_leavers) stop(member);
    stop_surplus_keepers();
    const size_t missing = desired_ - std::min(desired_, roster_.keepers.size());
    const size_t unplaced = missing == 0 ? none_missing() : start(missing);
    stop_replaced_leavers();
    if (unplaced > 0) make_room(unplaced);
    tell_starts_and_stops(draft_);
    tell_what_is_missing(unplaced);
    return {.desired = draft_.service.desired_count,
            .is_served = draft_.plan.start.empty() && kept_ == desired_ && kept_healthy_ == desired_,
            .protected_surplus = roster_.protected_leavers.size() + (kept_ - std::min(kept_, desired_))};
  }

 private:
  size_t none_missing() {
    forget_placement_failure(draft_);
    return 0;
  }

  void stop_surplus_keepers() {
    if (roster_.keepers.size() <= desired_) return;
    std::vector<schedule::StopCandidate> candidates;
    for (const Member& member : roster_.keepers)
      candidates.push_back({.id = member.task->id,
                            .instance = member.task->instance,
                            .created_at = member.task->created_at,
                            .is_expendable = !member.is_healthy,
                            .is_protected = member.is_protected});
    for (const size_t i :
         choose_to_stop(draft_.cluster.capacity, fit_.demand(), candidates, roster_.keepers.size() - desired_)) {
      stop(roster_.keepers[i]);
      --kept_;
      if (roster_.keepers[i].is_healthy) --kept_healthy_;
    }
  }

  // Starts what is missing; returns how many could not be started for lack of room. Those that have to wait for another
  // reason do not count: stopping old tasks would not help them.
  size_t start(size_t missing) {
    if (draft_.primary_state().rollout_state == RolloutState::failed) return 0;
    if (const WallTime at = may_start_at(draft_.primary_state(), draft_.now); draft_.now < at) {
      draft_.wake_at(at);
      return 0;
    }
    const size_t there = roster_.keepers.size() + roster_.leavers.size() + roster_.pending_leavers.size() +
                         roster_.protected_leavers.size() + roster_.stopping.size();
    const auto most = static_cast<size_t>(percentages_.most_tasks);
    const size_t allowed = most - std::min(there, most);
    std::vector<std::string> ids = draft_.make_task_ids(std::min(missing, allowed));
    auto placed = place(draft_.cluster.capacity, fit_, ids, draft_.cluster.random);
    for (size_t i = 0; i < placed.instances.size(); ++i)
      draft_.start(std::move(ids[i]), std::move(placed.instances[i]));
    failure_ = std::move(placed.failure);
    if (placed.instances.size() == missing) forget_placement_failure(draft_);
    return missing - placed.instances.size();
  }

  // What is healthy beyond the desired count replaces that many old tasks.
  void stop_replaced_leavers() {
    size_t healthy = 0, unhealthy = 0;
    for (const Member& member : leavers_) ++(member.is_healthy ? healthy : unhealthy);
    const size_t still_needed = desired_ - std::min(desired_, healthy_);
    stop_leavers(unhealthy - std::min(unhealthy, still_needed));
    if (healthy_ > desired_) stop_leavers(std::min(healthy, healthy_ - desired_));
  }

  // The first of those left.
  void stop_leavers(size_t count) {
    for (size_t i = 0; i < count; ++i) stop(leavers_[i]);
    leavers_.erase(leavers_.begin(), leavers_.begin() + static_cast<std::ptrdiff_t>(count));
  }

  void make_room(size_t wanted) {
    const auto least = static_cast<size_t>(percentages_.least_healthy);
    size_t spare = healthy_ - std::min(healthy_, least);
    if (failure_) {
      if (failure_->misfit < schedule::Misfit::member_of) return;  // no task is in the way
      for (const size_t i : choose_to_make_room(fit_, leavers_, leaving_, wanted, spare)) stop(leavers_[i]);
      return;
    }
    // maximumPercent is in the way: any old task will do.
    wanted -= std::min(wanted, leaving_.size());
    size_t count = 0;
    for (; count < std::min(wanted, leavers_.size()); ++count)
      if (leavers_[count].is_healthy && spare-- == 0) break;
    stop_leavers(count);
  }

  void stop(const Member& member) {
    leaving_.push_back(member);
    if (member.is_healthy) --healthy_;
    if (!member.is_unhealthy) return draft_.stop(*member.task);
    draft_.stop_unhealthy(*member.task);
    count_unhealthy(draft_, *member.task);
  }

  void tell_what_is_missing(size_t unplaced) {
    const bool is_stopping = !draft_.plan.stop.empty() || !roster_.stopping.empty();
    if (failure_ && !is_stopping) tell_placement_failure(draft_, *failure_);
    // Only when nothing is under way that could end it: no task starts, stops or becomes healthy.
    const bool is_starting = !draft_.plan.start.empty() || roster_.healthy_keepers() < roster_.keepers.size();
    if (unplaced > 0 && !failure_ && !is_stopping && !is_starting)
      tell_stuck(draft_);
    else
      draft_.state.is_stuck = false;
  }

  Draft& draft_;
  const Roster& roster_;
  const size_t desired_;
  const Percentages percentages_;
  const schedule::Fit fit_;
  size_t healthy_;               // tasks that are and that this plan does not stop
  size_t kept_, kept_healthy_;   // of the keepers, likewise
  std::vector<Member> leavers_;  // those that this plan does not stop yet
  std::vector<Member> leaving_;  // stopping, by this plan or before
  std::optional<schedule::PlacementFailure> failure_;
};

}  // namespace

Progress plan_replica(Draft& draft, const Roster& roster) { return ReplicaPlanner(draft, roster).plan(); }

}  // namespace fl::control::reconcile
