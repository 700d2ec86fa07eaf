// Capacity providers: recorded and answered. FARGATE and FARGATE_SPOT are always there. Scaling an Auto Scaling group
// is not done.
#pragma once

#include "control/api/action.h"
#include "ecs/generated/ecs_shapes.h"

namespace fl::control::api {

Answer<ecs::CreateCapacityProviderResponse> create_capacity_provider(const WriteCall& call,
                                                                     const ecs::CreateCapacityProviderRequest& request);
Answer<ecs::DescribeCapacityProvidersResponse> describe_capacity_providers(
    const ReadCall& call, const ecs::DescribeCapacityProvidersRequest& request);
Answer<ecs::UpdateCapacityProviderResponse> update_capacity_provider(const WriteCall& call,
                                                                     const ecs::UpdateCapacityProviderRequest& request);
// It stays visible as INACTIVE, DELETE_COMPLETE.
Answer<ecs::DeleteCapacityProviderResponse> delete_capacity_provider(const WriteCall& call,
                                                                     const ecs::DeleteCapacityProviderRequest& request);

}  // namespace fl::control::api
