// Capacity providers and strategies as requests name them. Pure; any thread.
#pragma once

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

}  // namespace fl::control::api
