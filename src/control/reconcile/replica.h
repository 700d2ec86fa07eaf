// REPLICA services: so many tasks, wherever there is room. Private to this folder.
#pragma once

#include "control/reconcile/progress.h"

namespace fl::control::reconcile {

// Starts and stops. How a rollout goes on:
//   1. start new tasks first, as far as maximumPercent and the instances have room;
//   2. stop old ones as soon as more are healthy than desired;
//   3. where step 1 finds no room, stop old ones to make it, as far as minimumHealthyPercent allows, and only where the
//      new task would then fit.
// Unhealthy tasks and those on draining instances are old ones. Source: ECS developer guide, "rolling update".
Progress plan_replica(Draft& draft, const Roster& roster);

}  // namespace fl::control::reconcile
