#include "control/reconcile/reconcile.h"

#include "control/reconcile/daemon.h"
#include "control/reconcile/events.h"
#include "control/reconcile/outcome.h"
#include "control/reconcile/progress.h"
#include "control/reconcile/replica.h"
#include "control/reconcile/roster.h"

namespace fl::control::reconcile {
namespace {

// A deleted service: all tasks stop, protected or not (that is from scale-in and deployments), and with the last it is
// gone.
void plan_removal(Draft& draft, const Roster& roster) {
  for (const auto* members : {&roster.keepers, &roster.leavers, &roster.pending_leavers, &roster.protected_leavers})
    for (const Member& member : *members) draft.stop(*member.task);
  for (DeploymentState& state : draft.states) state.desired_count = 0;
  draft.state.is_steady = false;
  tell_starts_and_stops(draft);
  draft.plan.is_gone = roster.keepers.empty() && roster.leavers.empty() && roster.pending_leavers.empty() &&
                       roster.protected_leavers.empty() && roster.stopping.empty();
}

}  // namespace

Plan reconcile(const ServiceView& service, const ClusterView& cluster, WallTime now) {
  Draft draft(service, cluster, now);
  const bool is_replica = service.scheduling == SchedulingStrategy::replica;
  count_outcomes(draft);
  // A DAEMON's number of instances is that of the last call: the deployment it is counted for may change here.
  check_circuit_breaker(draft, is_replica ? service.desired_count : draft.primary_state().desired_count);

  const Roster roster = make_roster(draft);
  if (service.status == ServiceStatus::draining) {
    plan_removal(draft, roster);
  } else {
    const Progress progress = is_replica ? plan_replica(draft, roster) : plan_daemon(draft, roster);
    conclude(draft, roster, progress);
    // Tasks stopped for their health count at once, and what follows of it is for the next call.
    if (is_circuit_breaker_due(draft, progress.desired)) draft.wake_at(now);
  }
  draft.finish();
  return std::move(draft.plan);
}

}  // namespace fl::control::reconcile
