// DAEMON services: one task on each instance that the constraints select. Private to this folder.
#pragma once

#include "control/reconcile/progress.h"

namespace fl::control::reconcile {

// Starts and stops. With maximumPercent 100, the default, an instance's old task stops before its new one starts, on so
// many instances at a time as minimumHealthyPercent allows (default 0: on all). With more, the new one starts beside
// the old where there is room. Tasks on instances that are no longer selected stop at once. Source: ECS developer
// guide, "daemon scheduling strategy".
Progress plan_daemon(Draft& draft, const Roster& roster);

}  // namespace fl::control::reconcile
