// What a service needs next. The runner applies a plan whole, in one transaction with the record it came from; when
// that fails it drops the plan, takes its new tasks out of Capacity, and asks again.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "control/reconcile/view.h"

namespace fl::control::reconcile {

// A new task: lastStatus PENDING, desiredStatus RUNNING, on that instance. It is in Capacity already.
struct StartTask {
  std::string id;  // 32 hex digits
  std::string deployment;
  std::string instance;
  bool operator==(const StartTask&) const = default;
};

// desiredStatus STOPPED, with this reason and code, which stay when the agent reports it STOPPED.
struct StopTask {
  std::string id;
  StopCode code = StopCode::service_scheduler_initiated;
  std::string reason;    // stoppedReason
  bool is_lost = false;  // its instance is: nobody will report it, so it is STOPPED at once
  bool operator==(const StopTask&) const = default;
};

// The new state of a deployment. INACTIVE: it leaves DescribeServices and the next view. PRIMARY where it was ACTIVE:
// a rollback; the service's own task definition and settings become this deployment's.
struct DeploymentChange {
  std::string id;
  DeploymentState state;
};

struct Plan {
  std::vector<StartTask> start;
  std::vector<StopTask> stop;
  std::vector<std::string> settled;  // STOPPED tasks that have been counted: leave them out of the next view
  std::vector<DeploymentChange> deployments;
  std::optional<ServiceState> service;
  bool is_gone = false;             // a draining service has no tasks left: it becomes INACTIVE
  std::vector<std::string> events;  // messages for the service's `events`, oldest first

  // When to ask again although nothing has changed; nullopt: never. Not part of is_empty().
  std::optional<WallTime> next_wakeup;

  // Nothing to apply.
  bool is_empty() const {
    return start.empty() && stop.empty() && settled.empty() && deployments.empty() && !service && !is_gone &&
           events.empty();
  }
};

}  // namespace fl::control::reconcile
