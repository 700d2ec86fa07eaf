// How far a service is after its starts and stops are planned. Private to this folder.
#pragma once

#include "control/reconcile/roster.h"

namespace fl::control::reconcile {

struct Progress {
  int desired = 0;               // tasks the service is to have
  bool is_served = false;        // so many of the PRIMARY deployment run where they should, all healthy
  size_t protected_surplus = 0;  // tasks that should go and are protected from it
};

// Rollout states, which deployments end, desired counts, "deployment completed", "steady state".
void conclude(Draft& draft, const Roster& roster, const Progress& progress);

}  // namespace fl::control::reconcile
