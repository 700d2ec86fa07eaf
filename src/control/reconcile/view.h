// What the planner sees of one service. Views of the caller's records, which must outlive the call; made anew for each
// call, so building one must be cheap. Nothing here knows those records.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/time.h"
#include "control/schedule/capacity.h"

namespace fl::control::reconcile {

// lastStatus, as far as planning cares: PROVISIONING, PENDING and ACTIVATING are pending; RUNNING and DEACTIVATING,
// STOPPING and DEPROVISIONING of a task that is stopping count as running until STOPPED.
enum class TaskStatus : uint8_t { pending, running, stopped };
enum class TaskHealth : uint8_t { unknown, healthy, unhealthy };

// Who or what ended a STOPPED task.
enum class StopCode : uint8_t {
  task_failed_to_start,
  essential_container_exited,
  user_initiated,
  service_scheduler_initiated,
  termination_notice,
};

struct TaskView {
  std::string_view id;
  std::string_view instance;
  uint32_t deployment = 0;  // index in ServiceView::deployments
  TaskStatus status = TaskStatus::pending;
  bool is_desired_running = true;           // desiredStatus RUNNING
  TaskHealth health = TaskHealth::unknown;  // of its containers
  WallTime created_at;
  std::optional<WallTime> started_at;       // first RUNNING
  std::optional<WallTime> healthy_at;       // last turned HEALTHY; needed only where the definition has health checks
  std::optional<WallTime> stopped_at;       // STOPPED tasks only
  std::optional<WallTime> protected_until;  // scale-in protection; may be over
  StopCode stop_code = StopCode::essential_container_exited;  // STOPPED tasks only
};

enum class DeploymentStatus : uint8_t { primary, active, inactive };
enum class RolloutState : uint8_t { in_progress, completed, failed };

// What the planner keeps of a deployment between calls. The owner stores it as it is; a new deployment starts with the
// default value, and one promoted or created by UpdateService begins IN_PROGRESS.
struct DeploymentState {
  DeploymentStatus status = DeploymentStatus::primary;
  RolloutState rollout_state = RolloutState::in_progress;
  std::string rollout_state_reason;
  int desired_count = 0;                 // of this deployment: what DescribeServices shows
  int failed_tasks = 0;                  // in a row: failedTasks, and what the circuit breaker counts
  int start_failures = 0;                // rounds in a row whose tasks did not reach RUNNING; decides the delay below
  std::optional<WallTime> throttled_at;  // when the last such round was counted
  std::optional<WallTime> last_success_at;  // the newest task known to have become RUNNING (and HEALTHY)
  bool operator==(const DeploymentState&) const = default;
};

struct DeploymentView {
  std::string_view id;  // ecs-svc/19 digits
  WallTime created_at;
  const schedule::TaskDemand* demand = nullptr;  // group, resources, constraints and strategies of its tasks
  bool has_health_check = false;                 // an essential container has one: RUNNING alone is not healthy
  DeploymentState state;
};

enum class ServiceStatus : uint8_t { active, draining };  // draining: deleted, its tasks are to go
enum class SchedulingStrategy : uint8_t { replica, daemon };

// What the planner keeps of a service between calls; stored as it is, default at first.
struct ServiceState {
  bool is_steady = false;
  std::optional<WallTime> steady_event_at;            // the last "has reached a steady state."
  std::optional<schedule::Misfit> placement_failure;  // told in an event and still so
  std::optional<WallTime> placement_failure_event_at;
  bool is_stuck = false;    // told: the percentages allow neither a start nor a stop
  bool is_held_up = false;  // told: tasks that should go are protected
  bool operator==(const ServiceState&) const = default;
};

struct ServiceView {
  std::string_view name;
  ServiceStatus status = ServiceStatus::active;
  SchedulingStrategy scheduling = SchedulingStrategy::replica;
  int desired_count = 0;  // REPLICA only
  int minimum_healthy_percent = 100;
  int maximum_percent = 200;
  bool has_circuit_breaker = false;  // deploymentCircuitBreaker.enable
  bool may_roll_back = false;        // deploymentCircuitBreaker.rollback
  Duration health_check_grace_period{};
  ServiceState state;
  std::vector<DeploymentView> deployments;  // those PRIMARY or ACTIVE; exactly one is PRIMARY
  // All tasks of these deployments that are not STOPPED, and the STOPPED ones no plan has settled yet (Plan::settled).
  std::vector<TaskView> tasks;
};

// What all services of a cluster share in one pass.
struct ClusterView {
  schedule::Capacity& capacity;  // up to date; the planner enters the tasks it starts
  schedule::Random& random;      // for task ids
  // How long an agent may be away before its tasks count as lost; nullopt: for ever, as on AWS.
  std::optional<Duration> lost_after;
};

}  // namespace fl::control::reconcile
