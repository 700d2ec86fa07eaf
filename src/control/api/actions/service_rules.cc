#include "control/api/actions/service_rules.h"

#include <fmt/format.h>

#include <algorithm>

#include "base/strings.h"
#include "control/api/names.h"
#include "control/schedule/query.h"

namespace fl::control::api {
namespace {

constexpr size_t kMaxConstraints = 10, kMaxStrategies = 5, kMaxLoadBalancers = 5;

Answer<> check_constraint(const ecs::PlacementConstraint& constraint) {
  if (constraint.type == "distinctInstance") {
    if (constraint.expression && !constraint.expression->empty())
      return invalid_parameter("The distinctInstance placement constraint does not take an expression.");
    return {};
  }
  const auto text = ecs::text(constraint.expression);
  if (text.empty()) return invalid_parameter("The memberOf placement constraint needs an expression.");
  if (text.size() > 2000) return invalid_parameter("The expression can be at most 2000 characters long.");
  if (const auto query = schedule::Query::parse(text); !query)
    return invalid_parameter(
        fmt::format("Invalid placement constraint expression '{}': {}", text, query.error().message));
  return {};
}

Answer<> check_strategy(const ecs::PlacementStrategy& strategy) {
  const std::string field = to_lower(ecs::text(strategy.field));
  const auto type = ecs::text(strategy.type);
  const bool fits = type == "random"    ? field.empty()
                    : type == "binpack" ? field == "cpu" || field == "memory"
                                        : field == "instanceid" || field == "host" || field.starts_with("attribute:");
  if (!fits)
    return invalid_parameter(fmt::format("The field '{}' is not valid for the placement strategy type '{}'.",
                                         ecs::text(strategy.field), type));
  return {};
}

bool lists(const std::optional<std::vector<std::string>>& list, std::string_view what) {
  return list && std::ranges::find(*list, what) != list->end();
}

}  // namespace

Answer<> check_placement(const Constraints& constraints, const Strategies& strategies) {
  if (constraints && constraints->size() > kMaxConstraints)
    return invalid_parameter("There can be at most 10 placement constraints.");
  if (strategies && strategies->size() > kMaxStrategies)
    return invalid_parameter("There can be at most 5 placement strategies.");
  if (constraints)
    for (const auto& constraint : *constraints) FL_TRY_VOID(check_constraint(constraint));
  if (strategies)
    for (const auto& strategy : *strategies) FL_TRY_VOID(check_strategy(strategy));
  return {};
}

Answer<const state::TaskDefinition*> find_usable_definition(const state::Scope& scope, const state::Partition& state,
                                                            const std::optional<std::string>& name) {
  if (!name || name->empty()) return client_exception("TaskDefinition can not be blank.");
  const state::TaskDefinition* found = find_task_definition(scope, state, *name);
  if (found == nullptr) return client_exception("TaskDefinition not found.");
  if (found->shape.status != "ACTIVE") return client_exception("TaskDefinition is inactive");
  return found;
}

Answer<> check_launch_type(const ServerSettings& settings, const ecs::TaskDefinition& definition,
                           std::string_view launch_type) {
  const bool is_asked_for = definition.requires_compatibilities && !definition.requires_compatibilities->empty();
  if (lists(definition.requires_compatibilities, launch_type)) return {};
  if (lists(definition.compatibilities, launch_type)) return {};
  // EXTERNAL with what AWS keeps from it, such as awsvpc, is fine unless the definition rules it out itself.
  if (!settings.strict && !is_asked_for && launch_type == "EXTERNAL") return {};
  return invalid_parameter(fmt::format("Task definition does not support launch_type {}.", launch_type));
}

Answer<> check_network(const ecs::TaskDefinition& definition, const std::optional<ecs::NetworkConfiguration>& network) {
  const bool has_network = network && network->awsvpc_configuration;
  if (definition.network_mode == "awsvpc") {
    if (!has_network)
      return invalid_parameter("Network Configuration must be provided when networkMode 'awsvpc' is specified.");
    if (!network->awsvpc_configuration->subnets || network->awsvpc_configuration->subnets->empty())
      return invalid_parameter("subnets can not be empty.");
  } else if (has_network) {
    return invalid_parameter("Network Configuration is not valid for the given networkMode of this task definition.");
  }
  return {};
}

Answer<> check_load_balancers(const ServerSettings& settings, const ecs::TaskDefinition& definition,
                              const std::optional<std::vector<ecs::LoadBalancer>>& load_balancers,
                              std::string_view launch_type) {
  if (!load_balancers || load_balancers->empty()) return {};
  if (settings.strict && launch_type == "EXTERNAL")
    return invalid_parameter("Load balancers are not supported with the EXTERNAL launch type.");
  if (load_balancers->size() > kMaxLoadBalancers) return invalid_parameter("load balancers can have at most 5 items.");
  for (const ecs::LoadBalancer& balancer : *load_balancers) {
    if (balancer.load_balancer_name) return unsupported_feature("Classic Load Balancers are not supported.");
    if (!balancer.target_group_arn) return invalid_parameter("targetGroupArn can not be blank.");
    const auto name = ecs::text(balancer.container_name);
    const auto& containers = *definition.container_definitions;
    const auto container = std::ranges::find_if(containers, [name](const auto& c) { return c.name == name; });
    if (container == containers.end())
      return invalid_parameter(fmt::format("The container {} does not exist in the task definition.", name));
    const bool has_port = container->port_mappings &&
                          std::ranges::any_of(*container->port_mappings, [&](const ecs::PortMapping& mapping) {
                            return mapping.container_port == balancer.container_port;
                          });
    if (!has_port)
      return invalid_parameter(fmt::format("The container {} did not have a container port {} defined.", name,
                                           balancer.container_port.value_or(0)));
    // No load balancer lives in this control plane. A target group is taken at its word for the proxy's sake; AWS would
    // look for its listener.
    if (settings.strict)
      return invalid_parameter(
          fmt::format("The target group with targetGroupArn {} does not have an associated load balancer.",
                      *balancer.target_group_arn));
  }
  return {};
}

Answer<> check_deployment(const std::optional<ecs::DeploymentConfiguration>& configuration) {
  if (!configuration) return {};
  if (configuration->strategy && configuration->strategy != "ROLLING")
    return unsupported_feature(
        fmt::format("The deployment strategy {} is not supported; use ROLLING.", *configuration->strategy));
  const int32_t most = configuration->maximum_percent.value_or(200);
  const int32_t least = configuration->minimum_healthy_percent.value_or(0);
  if (most < 100 || most > 2'147'483) return invalid_parameter("maximumPercent must be at least 100.");
  if (least < 0 || least > 100) return invalid_parameter("minimumHealthyPercent must be between 0 and 100.");
  if (configuration->deployment_circuit_breaker && configuration->deployment_circuit_breaker->rollback == true &&
      configuration->deployment_circuit_breaker->enable != true)
    return invalid_parameter("Rollback can only be enabled with the deployment circuit breaker enabled.");
  return {};
}

std::vector<ecs::PlacementConstraint> constraints_with_launch_type(const Constraints& constraints,
                                                                   std::string_view launch_type) {
  auto out = constraints.value_or(std::vector<ecs::PlacementConstraint>());
  if (launch_type == "EXTERNAL")
    out.push_back({.type = "memberOf", .expression = "attribute:ecs.capability.external exists"});
  return out;
}

}  // namespace fl::control::api
