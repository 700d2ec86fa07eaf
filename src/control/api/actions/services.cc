#include "control/api/actions/services.h"

#include <fmt/format.h>

#include <algorithm>

#include "base/crypto.h"
#include "base/strings.h"
#include "control/api/actions/capacity_strategy.h"
#include "control/api/actions/client_tokens.h"
#include "control/api/actions/fargate_platform.h"
#include "control/api/actions/service_rules.h"
#include "control/api/actions/tag_rules.h"
#include "control/api/names.h"
#include "control/api/paging.h"
#include "control/state/transaction.h"
#include "ecs/generated/ecs_operations.h"

namespace fl::control::api {
namespace {

constexpr size_t kMaxDescribed = 10, kMaxTokenBytes = 36;
constexpr std::string_view kDaemonCount =
    "The daemon scheduling strategy does not support a desired count for services. Remove the desired count value and "
    "try again";

Answer<> check_name(std::string_view name) {
  const bool is_valid = !name.empty() && name.size() <= 255 &&
                        std::ranges::all_of(name, [](char c) { return is_alnum(c) || c == '-' || c == '_'; });
  if (!is_valid)
    return invalid_parameter(
        "Service name must be 1 to 255 characters long and may contain letters, numbers, underscores and hyphens.");
  return {};
}

ecs::DeploymentConfiguration complete(std::optional<ecs::DeploymentConfiguration> asked, bool is_daemon) {
  ecs::DeploymentConfiguration out = std::move(asked).value_or(ecs::DeploymentConfiguration());
  if (!out.deployment_circuit_breaker) out.deployment_circuit_breaker.emplace();
  if (!out.deployment_circuit_breaker->enable) out.deployment_circuit_breaker->enable = false;
  if (!out.deployment_circuit_breaker->rollback) out.deployment_circuit_breaker->rollback = false;
  if (!out.maximum_percent) out.maximum_percent = is_daemon ? 100 : 200;
  if (!out.minimum_healthy_percent) out.minimum_healthy_percent = is_daemon ? 0 : 100;
  if (!out.strategy) out.strategy = "ROLLING";
  return out;
}

// A deployment of what the service is now. It becomes the PRIMARY one.
void start_deployment(state::Service& service, WallTime now, state::IdSource& ids) {
  for (state::Deployment& old : service.deployments) old.state.status = reconcile::DeploymentStatus::active;
  state::Deployment next;
  next.shape.id = ids.deployment_id();
  next.shape.task_definition = service.shape.task_definition;
  next.shape.created_at = now;
  next.shape.updated_at = now;
  next.shape.launch_type = service.shape.launch_type;
  next.shape.capacity_provider_strategy = service.shape.capacity_provider_strategy;
  next.shape.platform_version = service.shape.platform_version;
  next.shape.platform_family = service.shape.platform_family;
  next.shape.network_configuration = service.shape.network_configuration;
  next.load_balancers = service.shape.load_balancers.value_or(std::vector<ecs::LoadBalancer>());
  next.state.rollout_state_reason = fmt::format("ECS deployment {} in progress.", *next.shape.id);
  next.state.desired_count = service.shape.desired_count.value_or(0);
  service.deployments.insert(service.deployments.begin(), std::move(next));
}

std::string_view launch_type_of(const ecs::Service& shape) {
  return api::launch_type_of(shape.launch_type, shape.capacity_provider_strategy);
}

Answer<> check_scheduling(const ecs::CreateServiceRequest& request, bool is_daemon) {
  if (is_daemon) {
    if (request.desired_count) return invalid_parameter(std::string(kDaemonCount));
    if (request.placement_strategy && !request.placement_strategy->empty())
      return invalid_parameter("Placement strategies are not supported with the daemon scheduling strategy.");
    return {};
  }
  if (!request.desired_count) return invalid_parameter("desiredCount is required for the replica scheduling strategy.");
  if (*request.desired_count < 0) return invalid_parameter("desiredCount must not be negative.");
  return {};
}

Answer<> check_create(const WriteCall& call, const ecs::CreateServiceRequest& request,
                      const state::TaskDefinition& definition, const ecs::Service& shape) {
  const auto launch_type = launch_type_of(shape);
  FL_TRY_VOID(check_launch_type(call.settings, definition.shape, launch_type));
  FL_TRY_VOID(check_platform(definition.shape, request.platform_version, launch_type));
  FL_TRY_VOID(check_network(definition.shape, request.network_configuration));
  FL_TRY_VOID(check_load_balancers(call.settings, definition.shape, request.load_balancers, launch_type));
  FL_TRY_VOID(check_placement(request.placement_constraints, request.placement_strategy));
  FL_TRY_VOID(check_deployment(request.deployment_configuration));
  if (request.deployment_controller && request.deployment_controller->type.value_or("ECS") != "ECS")
    return unsupported_feature(fmt::format("The deployment controller type {} is not supported; use ECS.",
                                           *request.deployment_controller->type));
  if (call.settings.strict && request.health_check_grace_period_seconds &&
      (!request.load_balancers || request.load_balancers->empty()))
    return invalid_parameter("Health check grace period is only valid for services configured to use load balancers");
  return {};
}

template <class T>
bool change(std::optional<T>& member, const std::optional<T>& wanted) {
  if (!wanted || member == wanted) return false;
  member = wanted;
  return true;
}

}  // namespace

Answer<ecs::CreateServiceResponse> create_service(const WriteCall& call, const ecs::CreateServiceRequest& request) {
  state::Transaction& tx = call.transaction;
  FL_TRY(const state::Cluster* cluster, find_cluster(tx.scope(), tx.state(), request.cluster));
  const std::string name = request.service_name.value_or("");
  FL_TRY_VOID(check_name(name));

  ecs::CreateServiceRequest without_token = request;
  without_token.client_token.reset();
  const ClientTokenUse token{.action = "CreateService/" + cluster->name,
                             .token = request.client_token,
                             .max_bytes = kMaxTokenBytes,
                             .request = encode(without_token)};
  const state::Service* existing = tx.state().services().find({cluster->name, name});
  FL_TRY(const state::ClientToken* used, find_use(tx, token));
  if (used != nullptr) {
    if (used->request_hash != hash_of(token) || existing == nullptr)
      return invalid_parameter("Creation of service was not idempotent.");
    return ecs::CreateServiceResponse{.service = describe(tx.state(), *existing, true)};
  }
  if (existing != nullptr && existing->shape.status == "ACTIVE")
    return invalid_parameter("Creation of service was not idempotent.");
  if (existing != nullptr && existing->shape.status == "DRAINING")
    return invalid_parameter("Unable to Start a service that is still Draining.");

  FL_TRY(const state::TaskDefinition* definition,
         find_usable_definition(tx.scope(), tx.state(), request.task_definition));
  const bool is_daemon = request.scheduling_strategy == "DAEMON";
  FL_TRY_VOID(check_scheduling(request, is_daemon));

  state::Service service{.cluster = cluster->name, .name = name, .changed_at = tx.now()};
  ecs::Service& shape = service.shape;
  FL_TRY(CapacityChoice capacity, choose_capacity({request.launch_type, request.capacity_provider_strategy}, *cluster));
  shape.launch_type = std::move(capacity.launch_type);
  shape.capacity_provider_strategy = std::move(capacity.strategy);
  FL_TRY_VOID(check_create(call, request, *definition, shape));
  shape.service_arn = service_arn(tx.scope(), cluster->name, name);
  shape.service_name = name;
  shape.cluster_arn = cluster->shape.cluster_arn;
  shape.load_balancers = request.load_balancers.value_or(std::vector<ecs::LoadBalancer>());
  shape.service_registries = request.service_registries.value_or(std::vector<ecs::ServiceRegistry>());
  shape.status = "ACTIVE";
  shape.desired_count = request.desired_count.value_or(0);
  shape.task_definition = definition->shape.task_definition_arn;
  shape.deployment_configuration = complete(request.deployment_configuration, is_daemon);
  shape.role_arn = request.role.value_or(
      fmt::format("arn:aws:iam::{}:role/aws-service-role/ecs.amazonaws.com/AWSServiceRoleForECS", tx.scope().account));
  shape.created_at = tx.now();
  shape.created_by = call.caller.arn;
  shape.placement_constraints = request.placement_constraints.value_or(std::vector<ecs::PlacementConstraint>());
  shape.placement_strategy = request.placement_strategy.value_or(std::vector<ecs::PlacementStrategy>());
  if (definition->shape.network_mode == "awsvpc") shape.network_configuration = request.network_configuration;
  shape.health_check_grace_period_seconds = request.health_check_grace_period_seconds.value_or(0);
  shape.scheduling_strategy = is_daemon ? "DAEMON" : "REPLICA";
  shape.deployment_controller = ecs::DeploymentController{.type = "ECS"};
  FL_TRY(shape.tags, new_tags(request.tags));
  shape.enable_ecs_managed_tags = request.enable_ecs_managed_tags.value_or(false);
  shape.propagate_tags = request.propagate_tags.value_or("NONE");
  shape.enable_execute_command = request.enable_execute_command.value_or(false);
  shape.availability_zone_rebalancing = request.availability_zone_rebalancing.value_or("ENABLED");
  set_platform(shape, request.platform_version, launch_type_of(shape));
  // A name that was used before goes on counting its events, so that those of the old service are not mixed in.
  if (existing != nullptr)
    for (const auto& event :
         tx.state().service_events().all().range(std::tuple<state::Text, state::Text>(cluster->name, name)))
      tx.erase(*event);
  start_deployment(service, tx.now(), tx.ids());
  service.deployments.front().shape.service_connect_configuration = request.service_connect_configuration;
  service.deployments.front().shape.volume_configurations = request.volume_configurations;
  ecs::CreateServiceResponse response{.service = describe(tx.state(), service, true)};
  tx.put(std::move(service));
  remember_use(tx, token, {name});
  return response;
}

Answer<ecs::UpdateServiceResponse> update_service(const WriteCall& call, const ecs::UpdateServiceRequest& request) {
  state::Transaction& tx = call.transaction;
  FL_TRY(const state::Cluster* cluster, find_cluster(tx.scope(), tx.state(), request.cluster));
  const state::Service* found = find_service(tx.scope(), tx.state(), cluster->name, request.service.value_or(""));
  if (found == nullptr) return refuse("ServiceNotFoundException", "Service not found.");
  if (found->shape.status != "ACTIVE") return refuse("ServiceNotActiveException", "Service was not ACTIVE.");

  state::Service service = *found;
  ecs::Service& shape = service.shape;
  bool is_reshaped = request.force_new_deployment.value_or(false);
  const bool is_daemon = shape.scheduling_strategy == "DAEMON";
  if (request.desired_count) {
    if (is_daemon) return invalid_parameter(std::string(kDaemonCount));
    if (*request.desired_count < 0) return invalid_parameter("desiredCount must not be negative.");
    shape.desired_count = request.desired_count;
  }
  if (request.capacity_provider_strategy && !request.capacity_provider_strategy->empty() &&
      request.capacity_provider_strategy != shape.capacity_provider_strategy) {
    if (!request.force_new_deployment.value_or(false))
      return invalid_parameter("Updating the capacity provider strategy needs forceNewDeployment.");
    shape.capacity_provider_strategy = request.capacity_provider_strategy;
    shape.launch_type.reset();
  }
  const state::TaskDefinition* definition = find_task_definition(tx.scope(), tx.state(), *shape.task_definition);
  if (request.task_definition) {
    FL_TRY(definition, find_usable_definition(tx.scope(), tx.state(), request.task_definition));
    is_reshaped |= change(shape.task_definition, definition->shape.task_definition_arn);
  }
  if (definition == nullptr) return client_exception("TaskDefinition not found.");
  is_reshaped |= change(shape.network_configuration, request.network_configuration);
  is_reshaped |= change(shape.load_balancers, request.load_balancers);
  is_reshaped |= change(shape.service_registries, request.service_registries);
  const auto& newest = service.deployments.front().shape;
  is_reshaped |= request.service_connect_configuration &&
                 request.service_connect_configuration != newest.service_connect_configuration;
  is_reshaped |= request.volume_configurations && request.volume_configurations != newest.volume_configurations;
  // What only the tasks started from now on have.
  change(shape.enable_execute_command, request.enable_execute_command);
  change(shape.enable_ecs_managed_tags, request.enable_ecs_managed_tags);
  change(shape.propagate_tags, request.propagate_tags);
  change(shape.placement_constraints, request.placement_constraints);
  change(shape.placement_strategy, request.placement_strategy);
  change(shape.health_check_grace_period_seconds, request.health_check_grace_period_seconds);
  change(shape.availability_zone_rebalancing, request.availability_zone_rebalancing);

  const auto launch_type = launch_type_of(shape);
  FL_TRY_VOID(check_launch_type(call.settings, definition->shape, launch_type));
  const auto platform_before = shape.platform_version;
  set_platform(shape, request.platform_version, launch_type);
  is_reshaped |= shape.platform_version != platform_before;
  FL_TRY_VOID(check_platform(
      definition->shape, request.platform_version ? request.platform_version : shape.platform_version, launch_type));
  FL_TRY_VOID(check_network(definition->shape, shape.network_configuration));
  FL_TRY_VOID(check_load_balancers(call.settings, definition->shape, shape.load_balancers, launch_type));
  FL_TRY_VOID(check_placement(request.placement_constraints, request.placement_strategy));
  if (request.deployment_configuration) {
    FL_TRY_VOID(check_deployment(request.deployment_configuration));
    ecs::DeploymentConfiguration merged = *request.deployment_configuration;
    const ecs::DeploymentConfiguration& old = *shape.deployment_configuration;
    if (!merged.deployment_circuit_breaker) merged.deployment_circuit_breaker = old.deployment_circuit_breaker;
    if (!merged.maximum_percent) merged.maximum_percent = old.maximum_percent;
    if (!merged.minimum_healthy_percent) merged.minimum_healthy_percent = old.minimum_healthy_percent;
    if (!merged.alarms) merged.alarms = old.alarms;
    shape.deployment_configuration = complete(std::move(merged), is_daemon);
  }
  if (is_reshaped) {
    const ecs::Deployment before = service.deployments.front().shape;
    start_deployment(service, tx.now(), tx.ids());
    ecs::Deployment& next = service.deployments.front().shape;
    next.service_connect_configuration = request.service_connect_configuration ? request.service_connect_configuration
                                                                               : before.service_connect_configuration;
    next.volume_configurations =
        request.volume_configurations ? request.volume_configurations : before.volume_configurations;
  }
  for (state::Deployment& deployment : service.deployments)
    if (deployment.state.status == reconcile::DeploymentStatus::primary && !is_daemon)
      deployment.state.desired_count = *shape.desired_count;
  service.changed_at = tx.now();
  ecs::UpdateServiceResponse response{.service = describe(tx.state(), service, true)};
  if (service.shape != found->shape || is_reshaped) tx.put(std::move(service));
  return response;
}

Answer<ecs::DeleteServiceResponse> delete_service(const WriteCall& call, const ecs::DeleteServiceRequest& request) {
  state::Transaction& tx = call.transaction;
  FL_TRY(const state::Cluster* cluster, find_cluster(tx.scope(), tx.state(), request.cluster));
  const state::Service* found = find_service(tx.scope(), tx.state(), cluster->name, request.service.value_or(""));
  if (found == nullptr || found->shape.status == "INACTIVE")
    return refuse("ServiceNotFoundException", "Service not found.");
  if (found->shape.status == "DRAINING")
    return ecs::DeleteServiceResponse{.service = describe(tx.state(), *found, true)};
  const bool is_replica = found->shape.scheduling_strategy != "DAEMON";
  if (is_replica && found->shape.desired_count.value_or(0) > 0 && !request.force.value_or(false))
    return invalid_parameter("The service cannot be stopped while the primary deployment is scaled above 0.");
  state::Service service = *found;
  service.shape.status = "DRAINING";
  service.shape.desired_count = 0;
  service.changed_at = tx.now();
  ecs::DeleteServiceResponse response{.service = describe(tx.state(), service, true)};
  tx.put(std::move(service));
  return response;
}

ecs::Service describe(const state::Partition& state, const state::Service& service, bool with_tags) {
  using reconcile::DeploymentStatus;
  using reconcile::RolloutState;
  ecs::Service out = service.shape;
  const auto& started = state.tasks().by<state::task::ByStarter>();
  int32_t running = 0, pending = 0;
  auto& deployments = out.deployments.emplace();
  for (const state::Deployment& deployment : service.deployments) {
    const auto id = ecs::text(deployment.shape.id);
    using Three = std::tuple<state::Text, state::Text, state::Text>;
    using Four = std::tuple<state::Text, state::Text, state::Text, state::Text>;
    const auto wanted = static_cast<int32_t>(started.count(Three(service.cluster, id, "RUNNING")));
    const auto up = static_cast<int32_t>(started.count(Four(service.cluster, id, "RUNNING", "RUNNING")));
    running += up;
    pending += wanted - up;
    ecs::Deployment& shown = deployments.emplace_back(deployment.shape);
    const auto& its = deployment.state;
    shown.status = its.status == DeploymentStatus::primary  ? "PRIMARY"
                   : its.status == DeploymentStatus::active ? "ACTIVE"
                                                            : "INACTIVE";
    shown.desired_count = its.desired_count;
    shown.running_count = up;
    shown.pending_count = wanted - up;
    shown.failed_tasks = its.failed_tasks;
    shown.rollout_state = its.rollout_state == RolloutState::completed ? "COMPLETED"
                          : its.rollout_state == RolloutState::failed  ? "FAILED"
                                                                       : "IN_PROGRESS";
    shown.rollout_state_reason = its.rollout_state_reason;
  }
  out.running_count = running;
  out.pending_count = pending;
  // A DAEMON service wants as many as there are instances for it, which the planner writes to its deployment.
  if (out.scheduling_strategy == "DAEMON" && out.status == "ACTIVE" && !service.deployments.empty())
    out.desired_count = service.deployments.front().state.desired_count;
  auto& events = out.events.emplace();
  for (const auto& event :
       state.service_events().all().range(std::tuple<state::Text, state::Text>(service.cluster, service.name)))
    events.push_back(event->shape);
  std::ranges::reverse(events);
  out.task_sets.emplace();
  if (!with_tags) out.tags.reset();
  return out;
}

Answer<ecs::DescribeServicesResponse> describe_services(const ReadCall& call,
                                                        const ecs::DescribeServicesRequest& request) {
  FL_TRY(const state::Cluster* cluster, find_cluster(call.scope, call.state, request.cluster));
  if (!request.services || request.services->empty()) return invalid_parameter("Services cannot be empty.");
  if (request.services->size() > kMaxDescribed) return invalid_parameter("services can have at most 10 items.");
  const bool with_tags = request.include && std::ranges::find(*request.include, "TAGS") != request.include->end();
  ecs::DescribeServicesResponse response;
  response.services.emplace();
  response.failures.emplace();
  for (const std::string& name : *request.services) {
    if (const state::Service* service = find_service(call.scope, call.state, cluster->name, name)) {
      response.services->push_back(describe(call.state, *service, with_tags));
      continue;
    }
    const bool is_arn = name.starts_with("arn:");
    response.failures->push_back(
        {.arn = is_arn ? name : service_arn(call.scope, cluster->name, name), .reason = "MISSING"});
  }
  return response;
}

Answer<ecs::ListServicesResponse> list_services(const ReadCall& call, const ecs::ListServicesRequest& request) {
  FL_TRY(const state::Cluster* cluster, find_cluster(call.scope, call.state, request.cluster));
  FL_TRY(const Page page, read_page(request.next_token, request.max_results, 10, 100));
  ecs::ListServicesResponse response;
  response.service_arns.emplace();
  const state::Service* last = nullptr;
  for (const auto& service : call.state.services().all().range_after(
           std::tuple<state::Text>(cluster->name), std::tuple<state::Text, state::Text>(cluster->name, page.after))) {
    if (service->shape.status != "ACTIVE") continue;
    if (request.launch_type && service->shape.launch_type != request.launch_type) continue;
    if (request.scheduling_strategy && service->shape.scheduling_strategy != request.scheduling_strategy) continue;
    if (response.service_arns->size() == page.size) {
      response.next_token = next_token_after(last->name);
      break;
    }
    response.service_arns->push_back(*service->shape.service_arn);
    last = service.get();
  }
  return response;
}

}  // namespace fl::control::api
