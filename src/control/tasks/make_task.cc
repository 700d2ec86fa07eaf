#include "control/tasks/make_task.h"

#include <fmt/format.h>

#include <algorithm>

#include "control/api/names.h"
#include "control/tasks/demand.h"

namespace fl::control::tasks {
namespace {

std::optional<std::string> attribute_of(const state::ContainerInstance& instance, std::string_view name) {
  if (instance.shape.attributes)
    for (const ecs::Attribute& attribute : *instance.shape.attributes)
      if (attribute.name == name) return attribute.value;
  return std::nullopt;
}

ecs::Container make_container(const state::Scope& scope, const state::Task& task, const ecs::ContainerDefinition& from,
                              bool has_exec, state::IdSource& ids) {
  ecs::Container out;
  out.container_arn = fmt::format("arn:aws:ecs:{}:{}:container/{}/{}/{}", scope.region, scope.account, task.cluster,
                                  task.id, ids.uuid());
  out.task_arn = task.shape.task_arn;
  out.name = from.name;
  out.image = from.image;
  out.last_status = "PENDING";
  out.network_bindings.emplace();
  out.network_interfaces.emplace();
  out.health_status = "UNKNOWN";
  out.cpu = std::to_string(from.cpu.value_or(0));
  if (from.memory) out.memory = std::to_string(*from.memory);
  if (from.memory_reservation) out.memory_reservation = std::to_string(*from.memory_reservation);
  if (has_exec) {
    ecs::ManagedAgent& agent = out.managed_agents.emplace().emplace_back();
    agent.name = "ExecuteCommandAgent";
    agent.last_status = "PENDING";
  }
  return out;
}

// As AWS answers: each container that runs is named, with what was overridden of it.
ecs::TaskOverride complete(ecs::TaskOverride overrides, const ecs::TaskDefinition& definition) {
  auto& list = overrides.container_overrides;
  if (!list) list.emplace();
  for (const ecs::ContainerDefinition& container : *definition.container_definitions)
    if (std::ranges::none_of(*list, [&](const auto& o) { return o.name == container.name; }))
      list->emplace_back().name = container.name;
  if (!overrides.inference_accelerator_overrides) overrides.inference_accelerator_overrides.emplace();
  return overrides;
}

}  // namespace

state::Task make_task(const state::Scope& scope, const state::TaskDefinition& definition,
                      const state::ContainerInstance& instance, TaskOrder order, WallTime now, state::IdSource& ids) {
  const ecs::TaskDefinition& from = definition.shape;
  state::Task task{.cluster = instance.cluster,
                   .id = std::move(order.id),
                   .family = definition.family,
                   .revision = definition.revision,
                   .service = std::move(order.service),
                   .instance = instance.id,
                   .reservation = reservation_of(from, &order.overrides)};
  const auto has_role = [](const auto& overridden, const auto& own) {
    return overridden ? !overridden->empty() : own.has_value();
  };
  if (has_role(order.overrides.task_role_arn, from.task_role_arn)) task.credentials_id = ids.uuid();
  if (has_role(order.overrides.execution_role_arn, from.execution_role_arn)) task.execution_credentials_id = ids.uuid();

  ecs::Task& shape = task.shape;
  shape.task_arn = api::task_arn(scope, task.cluster, task.id);
  shape.cluster_arn = api::cluster_arn(scope, task.cluster);
  shape.container_instance_arn = instance.shape.container_instance_arn;
  shape.task_definition_arn = from.task_definition_arn;
  shape.attachments.emplace();
  shape.attributes.emplace();
  if (const auto architecture = attribute_of(instance, "ecs.cpu-architecture")) {
    ecs::Attribute& attribute = shape.attributes->emplace_back();
    attribute.name = "ecs.cpu-architecture";
    attribute.value = architecture;
  }
  shape.availability_zone = attribute_of(instance, "ecs.availability-zone");
  if (from.network_mode == "awsvpc") {
    ecs::Attachment& attachment = shape.attachments->emplace_back();
    attachment.id = ids.uuid();
    attachment.type = "ElasticNetworkInterface";
    attachment.status = "PRECREATED";
    attachment.details.emplace();
  }
  shape.containers.emplace();
  for (const ecs::ContainerDefinition& container : *from.container_definitions)
    shape.containers->push_back(make_container(scope, task, container, order.enable_execute_command, ids));
  shape.cpu = order.overrides.cpu ? order.overrides.cpu : from.cpu ? *from.cpu : std::to_string(task.reservation.cpu);
  shape.memory = order.overrides.memory ? order.overrides.memory
                 : from.memory          ? *from.memory
                                        : std::to_string(task.reservation.memory);
  shape.created_at = now;
  shape.desired_status = "RUNNING";
  shape.last_status = "PENDING";
  shape.health_status = "UNKNOWN";
  shape.enable_execute_command = order.enable_execute_command;
  shape.group = std::move(order.group);
  shape.launch_type = std::move(order.launch_type);
  if (!order.capacity_provider.empty()) shape.capacity_provider_name = std::move(order.capacity_provider);
  if (order.platform_version) shape.platform_family = "Linux";
  shape.platform_version = std::move(order.platform_version);
  shape.started_by = std::move(order.started_by);
  shape.overrides = complete(std::move(order.overrides), from);
  shape.tags = std::move(order.tags);
  shape.version = 1;
  return task;
}

std::vector<ecs::Tag> tags_of_task(std::vector<ecs::Tag> own, const std::vector<ecs::Tag>& propagated,
                                   bool has_managed_tags, std::string_view cluster, std::string_view service) {
  const auto add = [&own](const ecs::Tag& tag) {
    if (std::ranges::none_of(own, [&](const ecs::Tag& t) { return t.key == tag.key; })) own.push_back(tag);
  };
  for (const ecs::Tag& tag : propagated) add(tag);
  if (has_managed_tags) {
    add({.key = "aws:ecs:clusterName", .value = std::string(cluster)});
    if (!service.empty()) add({.key = "aws:ecs:serviceName", .value = std::string(service)});
  }
  return own;
}

}  // namespace fl::control::tasks
