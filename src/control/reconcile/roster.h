// A service's tasks, sorted by what is to become of them. Lives for one call of reconcile(); private to this folder.
#pragma once

#include <vector>

#include "control/reconcile/draft.h"

namespace fl::control::reconcile {

struct Member {
  const TaskView* task = nullptr;
  const schedule::Capacity::Instance* instance = nullptr;
  bool is_healthy = false;    // RUNNING, and HEALTHY where its definition has health checks
  bool is_unhealthy = false;  // UNHEALTHY, and its grace period is over
  bool is_protected = false;  // neither scale-in nor a deployment stops it; but what is unhealthy goes all the same
};

struct Roster {
  std::vector<Member> keepers;  // of the PRIMARY deployment, where they may stay
  std::vector<Member> leavers;  // RUNNING, to be replaced: of an old deployment, unhealthy, or on a draining instance
  std::vector<Member> pending_leavers;    // the same, but not RUNNING yet: nobody misses them
  std::vector<Member> protected_leavers;  // to be replaced once their protection is over
  std::vector<Member> stopping;           // desiredStatus STOPPED, but not STOPPED yet

  size_t healthy_keepers() const;
  size_t healthy_leavers() const;  // protected ones included
};

// Tasks whose instance is gone or lost go into the plan at once. Asks to be woken when a grace period, a protection or
// an agent's time to come back ends.
Roster make_roster(Draft& draft);

}  // namespace fl::control::reconcile
