#include "control/runner/plan_service.h"

#include <algorithm>
#include <deque>

#include "control/api/actions/capacity_strategy.h"
#include "control/api/actions/fargate_platform.h"
#include "control/api/actions/service_rules.h"
#include "control/api/names.h"
#include "control/reconcile/reconcile.h"
#include "control/runner/capacities.h"
#include "control/tasks/demand.h"
#include "control/tasks/make_task.h"
#include "control/tasks/transitions.h"
#include "ecs/arn.h"

namespace fl::control::runner {
namespace {

using reconcile::DeploymentStatus;
using reconcile::StopCode;

constexpr int64_t kMaxEvents = 100;
constexpr std::pair<StopCode, std::string_view> kStopCodes[] = {
    {StopCode::task_failed_to_start, "TaskFailedToStart"},
    {StopCode::essential_container_exited, "EssentialContainerExited"},
    {StopCode::user_initiated, "UserInitiated"},
    {StopCode::service_scheduler_initiated, "ServiceSchedulerInitiated"},
    {StopCode::termination_notice, "TerminationNotice"},
};

std::string_view text_of(StopCode code) {
  return std::ranges::find(kStopCodes, code, &std::pair<StopCode, std::string_view>::first)->second;
}
StopCode stop_code_of(const state::Task& task) {
  const auto found =
      std::ranges::find(kStopCodes, ecs::text(task.shape.stop_code), &std::pair<StopCode, std::string_view>::second);
  return found == std::end(kStopCodes) ? StopCode::essential_container_exited : found->first;
}

reconcile::TaskStatus status_of(const state::Task& task) {
  const auto last = ecs::text(task.shape.last_status);
  if (last == "STOPPED") return reconcile::TaskStatus::stopped;
  return last == "PENDING" || last == "PROVISIONING" || last == "ACTIVATING" ? reconcile::TaskStatus::pending
                                                                             : reconcile::TaskStatus::running;
}

reconcile::TaskView view_of(const state::Task& task, uint32_t deployment) {
  const auto health = ecs::text(task.shape.health_status);
  return {.id = task.id,
          .instance = task.instance,
          .deployment = deployment,
          .status = status_of(task),
          .is_desired_running = !tasks::is_to_stop(task),
          .health = health == "HEALTHY"     ? reconcile::TaskHealth::healthy
                    : health == "UNHEALTHY" ? reconcile::TaskHealth::unhealthy
                                            : reconcile::TaskHealth::unknown,
          .created_at = task.shape.created_at.value_or(WallTime{}),
          .started_at = task.shape.started_at,
          .healthy_at = task.healthy_at,
          .stopped_at = task.shape.stopped_at,
          .protected_until = task.protected_until,
          .stop_code = tasks::is_stopped(task) ? stop_code_of(task) : StopCode::essential_container_exited};
}

// The launch type of what a deployment starts.
std::string launch_type_of(const state::Deployment& deployment) {
  return std::string(api::launch_type_of(deployment.shape.launch_type, deployment.shape.capacity_provider_strategy));
}

// The view of a service and what it refers to.
class ServiceAsSeen {
 public:
  ServiceAsSeen(const state::Transaction& tx, const state::Service& service) {
    const ecs::Service& shape = service.shape;
    const ecs::DeploymentConfiguration& rules = *shape.deployment_configuration;
    view.name = service.name;
    view.status = shape.status == "DRAINING" ? reconcile::ServiceStatus::draining : reconcile::ServiceStatus::active;
    view.scheduling = shape.scheduling_strategy == "DAEMON" ? reconcile::SchedulingStrategy::daemon
                                                            : reconcile::SchedulingStrategy::replica;
    view.desired_count = shape.desired_count.value_or(0);
    view.minimum_healthy_percent = rules.minimum_healthy_percent.value_or(100);
    view.maximum_percent = rules.maximum_percent.value_or(200);
    view.has_circuit_breaker = rules.deployment_circuit_breaker && rules.deployment_circuit_breaker->enable == true;
    view.may_roll_back = view.has_circuit_breaker && rules.deployment_circuit_breaker->rollback == true;
    view.health_check_grace_period = std::chrono::seconds(shape.health_check_grace_period_seconds.value_or(0));
    view.state = service.state;
    for (const state::Deployment& deployment : service.deployments) {
      const auto* definition =
          api::find_task_definition(tx.scope(), tx.state(), ecs::text(deployment.shape.task_definition));
      definitions.push_back(definition);
      demands_.push_back(definition == nullptr
                             ? impossible(service)
                             : tasks::demand_of(*definition, "service:" + service.name,
                                                api::constraints_with_launch_type(shape.placement_constraints,
                                                                                  launch_type_of(deployment)),
                                                ecs::items(shape.placement_strategy)));
      view.deployments.push_back(
          {.id = *deployment.shape.id,
           .created_at = deployment.shape.created_at.value_or(WallTime{}),
           .demand = &demands_.back(),
           .has_health_check = definition != nullptr && tasks::has_health_check(definition->shape),
           .state = deployment.state});
    }
    for (const auto& task :
         tx.state().tasks().by<state::task::ByService>().range(std::tuple(service.cluster, service.name))) {
      if (task->is_settled) continue;
      const auto deployment =
          std::ranges::find(view.deployments, ecs::text(task->shape.started_by), &reconcile::DeploymentView::id);
      if (deployment != view.deployments.end())
        view.tasks.push_back(view_of(*task, static_cast<uint32_t>(deployment - view.deployments.begin())));
    }
  }

  reconcile::ServiceView view;
  std::vector<const state::TaskDefinition*> definitions;  // one a deployment

 private:
  // Of a deployment whose definition was deleted: nothing can be placed for it.
  static schedule::TaskDemand impossible(const state::Service& service) {
    return {.group = "service:" + service.name,
            .constraints = {{schedule::Constraint::Type::member_of, "agentVersion !exists and agentVersion exists"}}};
  }
  std::deque<schedule::TaskDemand> demands_;
};

void start_task(state::Transaction& tx, const state::Service& service, const ServiceAsSeen& seen,
                const reconcile::StartTask& start) {
  const auto at =
      static_cast<size_t>(std::ranges::find(seen.view.deployments, start.deployment, &reconcile::DeploymentView::id) -
                          seen.view.deployments.begin());
  const state::Deployment& deployment = service.deployments[at];
  const state::TaskDefinition& definition = *seen.definitions[at];
  const std::string launch_type = launch_type_of(deployment);
  const std::string provider(api::provider_of(deployment.shape.capacity_provider_strategy));
  const state::ContainerInstance& instance = *tx.state().instances().find({service.cluster, start.instance});
  const ecs::Service& shape = service.shape;
  const std::vector<ecs::Tag> none;
  const auto& propagated = shape.propagate_tags == "SERVICE"           ? ecs::items(shape.tags)
                           : shape.propagate_tags == "TASK_DEFINITION" ? definition.tags
                                                                       : none;
  tx.put(tasks::make_task(tx.scope(), definition, instance,
                          {.id = start.id,
                           .group = "service:" + service.name,
                           .service = service.name,
                           .started_by = start.deployment,
                           .launch_type = launch_type,
                           .capacity_provider = provider,
                           .platform_version = api::platform_of_task(deployment.shape.platform_version, launch_type),
                           .tags = tasks::tags_of_task({}, propagated, shape.enable_ecs_managed_tags.value_or(false),
                                                       service.cluster, service.name),
                           .enable_execute_command = shape.enable_execute_command.value_or(false)},
                          tx.now(), tx.ids()));
}

void stop_task(state::Transaction& tx, const std::string& cluster, const reconcile::StopTask& stop) {
  state::Task task = *tx.state().tasks().find({cluster, stop.id});
  (void)tasks::order_stop(task, {.reason = stop.reason, .code = text_of(stop.code), .drain_delay = tx.drain_delay()},
                          tx.now());
  if (stop.is_lost) tasks::mark_stopped(task, tx.now());
  tx.put(std::move(task));
}

// A rollback: the service is again what this deployment was made of.
void take_over(state::Service& service, const state::Deployment& deployment) {
  ecs::Service& shape = service.shape;
  shape.task_definition = deployment.shape.task_definition;
  shape.network_configuration = deployment.shape.network_configuration;
  shape.launch_type = deployment.shape.launch_type;
  shape.capacity_provider_strategy = deployment.shape.capacity_provider_strategy;
  shape.platform_version = deployment.shape.platform_version;
  shape.platform_family = deployment.shape.platform_family;
  shape.load_balancers = deployment.load_balancers;
}

void change_deployment(state::Service& service, const reconcile::DeploymentChange& change, WallTime now) {
  const auto found =
      std::ranges::find_if(service.deployments, [&](const state::Deployment& d) { return d.shape.id == change.id; });
  const bool is_promoted =
      found->state.status == DeploymentStatus::active && change.state.status == DeploymentStatus::primary;
  found->state = change.state;
  found->shape.updated_at = now;
  if (is_promoted) {
    take_over(service, *found);
    std::rotate(service.deployments.begin(), found, found + 1);
  }
}

void write_events(state::Transaction& tx, state::Service& service, const std::vector<std::string>& messages) {
  for (const std::string& message : messages) {
    state::ServiceEvent event{.cluster = service.cluster, .service = service.name, .number = service.next_event++};
    event.shape = {.id = tx.ids().uuid(), .created_at = tx.now(), .message = message};
    tx.put(std::move(event));
    const auto* oldest =
        tx.state().service_events().find({service.cluster, service.name, service.next_event - 1 - kMaxEvents});
    if (oldest != nullptr) tx.erase(*oldest);
  }
}

void apply(state::Transaction& tx, const state::Service& before, const ServiceAsSeen& seen,
           const reconcile::Plan& plan) {
  for (const reconcile::StartTask& start : plan.start) start_task(tx, before, seen, start);
  for (const reconcile::StopTask& stop : plan.stop) stop_task(tx, before.cluster, stop);
  for (const std::string& id : plan.settled) {
    state::Task task = *tx.state().tasks().find({before.cluster, id});
    task.is_settled = true;
    tx.put(std::move(task));
  }
  state::Service service = before;
  for (const reconcile::DeploymentChange& change : plan.deployments) change_deployment(service, change, tx.now());
  std::erase_if(service.deployments,
                [](const state::Deployment& d) { return d.state.status == DeploymentStatus::inactive; });
  if (plan.service) service.state = *plan.service;
  write_events(tx, service, plan.events);
  if (plan.is_gone) {
    service.shape.status = "INACTIVE";
    service.changed_at = tx.now();
  }
  if (service != before) tx.put(std::move(service));
}

}  // namespace

std::optional<WallTime> plan_service(state::Transaction& transaction, const std::string& cluster,
                                     const std::string& name, std::optional<Duration> lost_after) {
  const auto service = transaction.state().services().share({cluster, name});  // outlives what is put over it
  if (service == nullptr || service->shape.status == "INACTIVE") return std::nullopt;
  const ServiceAsSeen seen(transaction, *service);
  IdRandom random(transaction.ids());
  const reconcile::Plan plan = reconcile::reconcile(
      seen.view,
      {.capacity = transaction.capacities().of(transaction, cluster), .random = random, .lost_after = lost_after},
      transaction.now());
  if (!plan.is_empty()) apply(transaction, *service, seen, plan);
  return plan.next_wakeup;
}

}  // namespace fl::control::runner
