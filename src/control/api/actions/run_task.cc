#include <fmt/format.h>

#include <algorithm>

#include "control/api/actions/capacity_strategy.h"
#include "control/api/actions/client_tokens.h"
#include "control/api/actions/fargate_platform.h"
#include "control/api/actions/service_rules.h"
#include "control/api/actions/tag_rules.h"
#include "control/api/actions/tasks.h"
#include "control/api/names.h"
#include "control/runner/capacities.h"
#include "control/schedule/place.h"
#include "control/tasks/demand.h"
#include "control/tasks/make_task.h"
#include "ecs/generated/ecs_operations.h"
#include "ecs/task_definition.h"

namespace fl::control::api {
namespace {

constexpr int32_t kMaxTasks = 10;
constexpr size_t kMaxTokenBytes = 64, kMaxStartedBy = 128;

ecs::Task shown(const state::Task& task) { return task.shape; }

// What RunTask and StartTask have in common.
struct Order {
  const state::Cluster* cluster = nullptr;
  const state::TaskDefinition* definition = nullptr;
  tasks::TaskOrder task;  // without an id
};

// Task sizes are brought into the form that definitions have.
Answer<> take_overrides(ecs::TaskOverride& overrides, const ecs::TaskDefinition& definition) {
  if (auto taken = ecs::take_task_sizes(overrides); !taken) return client_exception(std::move(taken).error().message);
  if (!overrides.container_overrides) return {};
  for (const ecs::ContainerOverride& container : *overrides.container_overrides) {
    const auto name = ecs::text(container.name);
    if (std::ranges::none_of(*definition.container_definitions, [name](const auto& c) { return c.name == name; }))
      return invalid_parameter(
          fmt::format("Override for container named {} is not a container in the TaskDefinition.", name));
    auto good = ecs::check_container_sizes(name, container.cpu, container.memory, container.memory_reservation);
    if (!good) return client_exception(std::move(good).error().message);
  }
  return {};
}

template <class Request>
Answer<Order> read_order(const WriteCall& call, const Request& request, const state::Cluster& cluster,
                         std::string_view launch_type) {
  const state::Transaction& tx = call.transaction;
  Order order{.cluster = &cluster};
  FL_TRY(order.definition, find_usable_definition(tx.scope(), tx.state(), request.task_definition));
  const ecs::TaskDefinition& definition = order.definition->shape;
  FL_TRY_VOID(check_launch_type(call.settings, definition, launch_type));
  FL_TRY_VOID(check_network(definition, request.network_configuration));
  FL_TRY(std::vector<ecs::Tag> tags, new_tags(request.tags));
  if (request.propagate_tags == "SERVICE")
    return invalid_parameter("propagateTags SERVICE is for the tasks of a service.");
  if (ecs::text(request.group).starts_with("service:"))  // those of services
    return invalid_parameter("Invalid namespace for group");
  if (ecs::text(request.started_by).size() > kMaxStartedBy)
    return invalid_parameter("startedBy can be at most 128 characters long.");
  order.task.overrides = request.overrides.value_or(ecs::TaskOverride());
  FL_TRY_VOID(take_overrides(order.task.overrides, definition));
  order.task.group = request.group.value_or("family:" + order.definition->family);
  order.task.started_by = request.started_by;
  order.task.launch_type = std::string(launch_type);
  order.task.enable_execute_command = request.enable_execute_command.value_or(false);
  order.task.tags = tasks::tags_of_task(
      std::move(tags), request.propagate_tags == "TASK_DEFINITION" ? order.definition->tags : std::vector<ecs::Tag>(),
      request.enable_ecs_managed_tags.value_or(false), order.cluster->name, "");
  return order;
}

void start_on(const WriteCall& call, const Order& order, std::string id, const state::ContainerInstance& instance,
              std::vector<ecs::Task>& started) {
  state::Transaction& tx = call.transaction;
  tasks::TaskOrder one = order.task;
  one.id = std::move(id);
  state::Task task = tasks::make_task(tx.scope(), *order.definition, instance, std::move(one), tx.now(), tx.ids());
  started.push_back(shown(task));
  tx.put(std::move(task));
}

}  // namespace

Answer<ecs::RunTaskResponse> run_task(const WriteCall& call, const ecs::RunTaskRequest& request) {
  state::Transaction& tx = call.transaction;
  const int32_t count = request.count.value_or(1);
  if (count < 1) return invalid_parameter("count must be at least 1.");
  if (count > kMaxTasks) return invalid_parameter("count can be at most 10.");
  FL_TRY(const state::Cluster* cluster, find_cluster(tx.scope(), tx.state(), request.cluster));
  FL_TRY(const CapacityChoice asked,
         choose_capacity({request.launch_type, request.capacity_provider_strategy}, *cluster));
  FL_TRY(Order order, read_order(call, request, *cluster, launch_type_of(asked.launch_type, asked.strategy)));
  order.task.capacity_provider = provider_of(asked.strategy);
  FL_TRY_VOID(check_platform(order.definition->shape, request.platform_version, order.task.launch_type));
  FL_TRY_VOID(check_placement(request.placement_constraints, request.placement_strategy));
  order.task.platform_version = platform_of_task(request.platform_version, order.task.launch_type);

  ecs::RunTaskRequest without_token = request;
  without_token.client_token.reset();
  const ClientTokenUse token{.action = "RunTask/" + order.cluster->name,
                             .token = request.client_token,
                             .max_bytes = kMaxTokenBytes,
                             .request = encode(without_token)};
  ecs::RunTaskResponse response;
  response.tasks.emplace();
  response.failures.emplace();
  FL_TRY(const state::ClientToken* used, find_use(tx, token));
  if (used != nullptr) {
    if (used->request_hash != hash_of(token))
      return refuse("ConflictException",
                    "The RunTask request could not be processed due to conflicts. The provided clientToken is already "
                    "in use with a different RunTask request.");
    for (const std::string& id : used->ids)
      if (const state::Task* task = tx.state().tasks().find({order.cluster->name, id}))
        response.tasks->push_back(shown(*task));
    return response;
  }

  schedule::Capacity& capacity = tx.capacities().of(tx, order.cluster->name);
  if (capacity.instances().empty()) return invalid_parameter("No Container Instances were found in your cluster.");
  const schedule::TaskDemand demand = tasks::demand_of(
      *order.definition, order.task.group,
      constraints_with_launch_type(request.placement_constraints, order.task.launch_type),
      request.placement_strategy.value_or(std::vector<ecs::PlacementStrategy>()), &order.task.overrides);
  std::vector<std::string> ids;
  for (int32_t i = 0; i < count; ++i) ids.push_back(tx.ids().id());
  runner::IdRandom random(tx.ids());
  const schedule::Fit fit(demand);
  const schedule::PlacementResult placed = schedule::place(capacity, fit, ids, random);
  for (size_t i = 0; i < placed.instances.size(); ++i)
    start_on(call, order, ids[i], *tx.state().instances().find({order.cluster->name, placed.instances[i]}),
             *response.tasks);
  if (placed.failure)
    for (const schedule::Rejection& rejection : schedule::rejections(capacity, fit))
      response.failures->push_back({.arn = instance_arn(tx.scope(), order.cluster->name, rejection.instance),
                                    .reason = std::string(schedule::run_task_reason(rejection.misfit))});
  if (!placed.instances.empty()) {
    ids.resize(placed.instances.size());
    remember_use(tx, token, std::move(ids));
  }
  return response;
}

Answer<ecs::StartTaskResponse> start_task(const WriteCall& call, const ecs::StartTaskRequest& request) {
  state::Transaction& tx = call.transaction;
  const auto& names = *request.container_instances;
  if (names.empty()) return invalid_parameter("Container instances cannot be empty.");
  if (names.size() > static_cast<size_t>(kMaxTasks))
    return invalid_parameter("containerInstances can have at most 10 items.");
  // The instances decide: a task on external ones is EXTERNAL.
  FL_TRY(const state::Cluster* cluster, find_cluster(tx.scope(), tx.state(), request.cluster));
  const state::ContainerInstance* first = find_instance(tx.scope(), tx.state(), cluster->name, names.front());
  const bool is_external = first != nullptr && !first->managed_instance.empty();
  FL_TRY(const Order order, read_order(call, request, *cluster, is_external ? "EXTERNAL" : "EC2"));
  const schedule::TaskDemand demand =
      tasks::demand_of(*order.definition, order.task.group, {}, {}, &order.task.overrides);
  const schedule::Fit fit(demand);
  schedule::Capacity& capacity = tx.capacities().of(tx, cluster->name);

  ecs::StartTaskResponse response;
  response.tasks.emplace();
  response.failures.emplace();
  for (const std::string& name : names) {
    const state::ContainerInstance* instance = find_instance(tx.scope(), tx.state(), cluster->name, name);
    const auto* seen = instance == nullptr ? nullptr : capacity.find_instance(instance->id);
    if (seen == nullptr) {
      const bool is_arn = name.starts_with("arn:");
      response.failures->push_back({.arn = is_arn ? name : instance_arn(tx.scope(), cluster->name, name),
                                    .reason = instance == nullptr ? "MISSING" : "INACTIVE"});
      continue;
    }
    if (const auto misfit = fit.misfit(*seen)) {
      response.failures->push_back(
          {.arn = instance->shape.container_instance_arn, .reason = std::string(schedule::run_task_reason(*misfit))});
      continue;
    }
    std::string id = tx.ids().id();
    capacity.put_task({.id = id,
                       .instance = instance->id,
                       .group = demand.group,
                       .family = demand.family,
                       .resources = demand.resources});
    start_on(call, order, std::move(id), *instance, *response.tasks);
  }
  return response;
}

}  // namespace fl::control::api
