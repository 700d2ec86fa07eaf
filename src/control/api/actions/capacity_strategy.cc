#include "control/api/actions/capacity_strategy.h"

#include <fmt/format.h>

#include <algorithm>

#include "ecs/shape.h"

namespace fl::control::api {

bool is_capacity_provider(const state::Partition& state, std::string_view name) {
  if (name == "FARGATE" || name == "FARGATE_SPOT") return true;
  const state::CapacityProvider* found = state.capacity_providers().find({name});
  return found != nullptr && found->shape.status == "ACTIVE";
}

Answer<> check_strategy(const std::vector<ecs::CapacityProviderStrategyItem>& strategy,
                        const std::vector<std::string>& associated) {
  if (strategy.size() > 20) return invalid_parameter("A capacity provider strategy has at most 20 items.");
  int bases = 0;
  bool has_weight = strategy.empty();
  for (const auto& item : strategy) {
    const int32_t base = item.base.value_or(0), weight = item.weight.value_or(0);
    if (base < 0 || base > 100000)
      return invalid_parameter("The base of a capacity provider strategy item must be between 0 and 100000.");
    if (weight < 0 || weight > 1000)
      return invalid_parameter("The weight of a capacity provider strategy item must be between 0 and 1000.");
    bases += base > 0;
    has_weight |= weight > 0;
    if (std::ranges::find(associated, ecs::text(item.capacity_provider)) == associated.end())
      return invalid_parameter(
          "The specified capacity provider strategy cannot contain a capacity provider that is not associated with the "
          "cluster. Associate the capacity provider with the cluster and try again.");
  }
  if (bases > 1) return invalid_parameter("Only one capacity provider in a strategy can have a base defined.");
  // A single item may leave its weight out: it gets everything.
  if (!has_weight && strategy.size() > 1)
    return invalid_parameter("At least one capacity provider must have a weight greater than 0.");
  return {};
}

Answer<CapacityChoice> choose_capacity(const CapacityChoice& asked, const state::Cluster& cluster) {
  const bool has_strategy = asked.strategy && !asked.strategy->empty();
  if (asked.launch_type && has_strategy)
    return invalid_parameter(
        "Specifying both a launch type and capacity provider strategy is not supported. Remove one and try again.");
  if (has_strategy) {
    FL_TRY_VOID(check_strategy(*asked.strategy, cluster.shape.capacity_providers.value_or(std::vector<std::string>())));
    return CapacityChoice{.launch_type = {}, .strategy = asked.strategy};
  }
  const auto& usual = cluster.shape.default_capacity_provider_strategy;
  if (!asked.launch_type && usual && !usual->empty()) return CapacityChoice{.launch_type = {}, .strategy = usual};
  return CapacityChoice{.launch_type = asked.launch_type.value_or("EC2"), .strategy = {}};
}

std::string_view launch_type_of(const std::optional<std::string>& launch_type,
                                const std::optional<std::vector<ecs::CapacityProviderStrategyItem>>& strategy) {
  if (launch_type) return *launch_type;
  const std::string_view provider = provider_of(strategy);
  return provider.starts_with("FARGATE") ? "FARGATE" : provider == "EXTERNAL" ? "EXTERNAL" : "EC2";
}

std::string_view provider_of(const std::optional<std::vector<ecs::CapacityProviderStrategyItem>>& strategy) {
  return strategy && !strategy->empty() ? ecs::text(strategy->front().capacity_provider) : std::string_view();
}

}  // namespace fl::control::api
