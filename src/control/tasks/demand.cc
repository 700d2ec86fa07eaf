#include "control/tasks/demand.h"

#include <algorithm>

#include "base/strings.h"

namespace fl::control::tasks {
namespace {

// "256" of a task's cpu or memory, as RegisterTaskDefinition has made it; 0 when absent.
int64_t number(const std::optional<std::string>& text) { return text ? parse_int(*text).value_or(0) : 0; }

const ecs::ContainerOverride* find_override(const ecs::TaskOverride* overrides, std::string_view name) {
  if (overrides == nullptr || !overrides->container_overrides) return nullptr;
  const auto& list = *overrides->container_overrides;
  const auto found = std::ranges::find_if(list, [name](const auto& o) { return o.name == name; });
  return found == list.end() ? nullptr : &*found;
}

void add_ports(const ecs::ContainerDefinition& container, bool is_host_mode, state::Reservation& out) {
  if (!container.port_mappings) return;
  for (const ecs::PortMapping& mapping : *container.port_mappings) {
    const int32_t port = mapping.host_port.value_or(is_host_mode ? mapping.container_port.value_or(0) : 0);
    if (port == 0) continue;
    (mapping.protocol == "udp" ? out.udp_ports : out.tcp_ports).push_back(port);
  }
}

schedule::Constraint to_constraint(std::string_view type, const std::optional<std::string>& expression) {
  using Type = schedule::Constraint::Type;
  return {.type = type == "memberOf" ? Type::member_of : Type::distinct_instance,
          .expression = expression.value_or("")};
}

// What the containers are built for: an instance of another kind could not run them. Nothing said: any will do, and
// LINUX is taken for nothing said, as not every agent names its family.
void add_platform(const ecs::RuntimePlatform& platform, std::vector<schedule::Attribute>& out) {
  if (const auto cpu = ecs::text(platform.cpu_architecture); !cpu.empty())
    out.push_back({"ecs.cpu-architecture", to_lower(cpu)});
  if (const auto family = ecs::text(platform.operating_system_family); family.starts_with("WINDOWS"))
    out.push_back({"ecs.os-family", std::string(family)});
}

schedule::Strategy to_strategy(const ecs::PlacementStrategy& strategy) {
  using Type = schedule::Strategy::Type;
  const auto type = ecs::text(strategy.type);
  return {.type = type == "binpack"  ? Type::binpack
                  : type == "random" ? Type::random
                                     : Type::spread,
          .field = strategy.field.value_or("")};
}

}  // namespace

state::Reservation reservation_of(const ecs::TaskDefinition& definition, const ecs::TaskOverride* overrides) {
  state::Reservation out;
  const bool is_host_mode = definition.network_mode == "host", is_bridge = definition.network_mode == "bridge";
  int64_t cpu = 0, memory = 0;
  for (const ecs::ContainerDefinition& container :
       definition.container_definitions.value_or(std::vector<ecs::ContainerDefinition>())) {
    const ecs::ContainerOverride* override_ = find_override(overrides, ecs::text(container.name));
    const auto pick = [&](auto member_of_override, const std::optional<int32_t>& own) -> int64_t {
      if (override_ != nullptr && override_->*member_of_override) return *(override_->*member_of_override);
      return own.value_or(0);
    };
    cpu += pick(&ecs::ContainerOverride::cpu, container.cpu);
    const int64_t soft = pick(&ecs::ContainerOverride::memory_reservation, container.memory_reservation);
    memory += soft != 0 ? soft : pick(&ecs::ContainerOverride::memory, container.memory);
    if (container.resource_requirements)
      for (const ecs::ResourceRequirement& need : *container.resource_requirements)
        if (need.type == "GPU") out.gpus += number(need.value);
    if (is_host_mode || is_bridge) add_ports(container, is_host_mode, out);
  }
  const int64_t task_cpu = overrides != nullptr && overrides->cpu ? number(overrides->cpu) : number(definition.cpu);
  const int64_t task_memory =
      overrides != nullptr && overrides->memory ? number(overrides->memory) : number(definition.memory);
  out.cpu = std::max(task_cpu, cpu);
  out.memory = std::max(task_memory, memory);
  return out;
}

schedule::Resources to_resources(const state::Reservation& reservation) {
  schedule::Resources out{.cpu = reservation.cpu, .memory = reservation.memory, .gpus = reservation.gpus};
  using Protocol = schedule::HostPort::Protocol;
  for (const int32_t port : reservation.tcp_ports) out.ports.push_back({static_cast<uint16_t>(port), Protocol::tcp});
  for (const int32_t port : reservation.udp_ports) out.ports.push_back({static_cast<uint16_t>(port), Protocol::udp});
  return out;
}

schedule::TaskDemand demand_of(const state::TaskDefinition& definition, std::string group,
                               const std::vector<ecs::PlacementConstraint>& constraints,
                               const std::vector<ecs::PlacementStrategy>& strategies,
                               const ecs::TaskOverride* overrides) {
  schedule::TaskDemand out{.group = std::move(group),
                           .family = definition.family,
                           .resources = to_resources(reservation_of(definition.shape, overrides))};
  if (definition.shape.requires_attributes)
    for (const ecs::Attribute& attribute : *definition.shape.requires_attributes)
      out.requires_attributes.push_back({attribute.name.value_or(""), attribute.value.value_or("")});
  if (definition.shape.runtime_platform) add_platform(*definition.shape.runtime_platform, out.requires_attributes);
  if (definition.shape.placement_constraints)
    for (const auto& c : *definition.shape.placement_constraints)
      out.constraints.push_back(to_constraint(ecs::text(c.type), c.expression));
  for (const auto& c : constraints) out.constraints.push_back(to_constraint(ecs::text(c.type), c.expression));
  for (const auto& s : strategies) out.strategies.push_back(to_strategy(s));
  return out;
}

bool has_health_check(const ecs::TaskDefinition& definition) {
  return definition.container_definitions &&
         std::ranges::any_of(*definition.container_definitions, [](const ecs::ContainerDefinition& c) {
           return c.essential.value_or(true) && c.health_check.has_value();
         });
}

}  // namespace fl::control::tasks
