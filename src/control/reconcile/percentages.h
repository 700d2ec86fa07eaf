// A service's deployment configuration as numbers of tasks. Source: ECS, DeploymentConfiguration.
#pragma once

#include <algorithm>

#include "control/reconcile/view.h"

namespace fl::control::reconcile {

struct Percentages {
  int least_healthy = 0;  // ceil(desired x minimumHealthyPercent / 100)
  int most_tasks = 0;     // floor(desired x maximumPercent / 100): RUNNING, PENDING and stopping; never below desired

  Percentages(const ServiceView& service, int desired)
      : least_healthy((desired * service.minimum_healthy_percent + 99) / 100),
        most_tasks(std::max(desired * service.maximum_percent / 100, desired)) {}
};

}  // namespace fl::control::reconcile
