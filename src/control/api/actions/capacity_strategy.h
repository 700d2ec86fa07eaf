// Capacity providers and strategies as requests name them. Pure; any thread.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "control/api/aws_error.h"
#include "control/state/view.h"
#include "ecs/generated/ecs_shapes.h"

namespace fl::control::api {

// FARGATE, FARGATE_SPOT, or one that was made and is ACTIVE.
bool is_capacity_provider(const state::Partition& state, std::string_view name);

// Source: CapacityProviderStrategyItem: at most 20 items, one base above 0, weights 0..1000 and not all 0; every
// provider one of `associated`.
Answer<> check_strategy(const std::vector<ecs::CapacityProviderStrategyItem>& strategy,
                        const std::vector<std::string>& associated);

// What tasks run on: one of the two.
struct CapacityChoice {
  std::optional<std::string> launch_type;
  std::optional<std::vector<ecs::CapacityProviderStrategyItem>> strategy;
};

// The request's, else the cluster's default strategy, else EC2. Errors: both are given, or as check_strategy.
Answer<CapacityChoice> choose_capacity(const CapacityChoice& asked, const state::Cluster& cluster);

// FARGATE, EXTERNAL or EC2: the launch type, else that of the strategy's first provider, else EC2.
std::string_view launch_type_of(const std::optional<std::string>& launch_type,
                                const std::optional<std::vector<ecs::CapacityProviderStrategyItem>>& strategy);

// The strategy's first provider, which takes all tasks; empty without a strategy.
std::string_view provider_of(const std::optional<std::vector<ecs::CapacityProviderStrategyItem>>& strategy);

}  // namespace fl::control::api
