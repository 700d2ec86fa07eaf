// Actions on clusters. Source: ECS API reference, CreateCluster and its kin.
#pragma once

#include "control/api/action.h"
#include "ecs/generated/ecs_shapes.h"

namespace fl::control::api {

// Idempotent on the name: an ACTIVE cluster of that name is answered, unless the request asks for something else.
Answer<ecs::CreateClusterResponse> create_cluster(const WriteCall& call, const ecs::CreateClusterRequest& request);
// Up to 100; unknown ones are `failures` with reason MISSING.
Answer<ecs::DescribeClustersResponse> describe_clusters(const ReadCall& call,
                                                        const ecs::DescribeClustersRequest& request);
Answer<ecs::ListClustersResponse> list_clusters(const ReadCall& call, const ecs::ListClustersRequest& request);
// Refused while instances, services or tasks are there; the cluster stays visible as INACTIVE for a while.
Answer<ecs::DeleteClusterResponse> delete_cluster(const WriteCall& call, const ecs::DeleteClusterRequest& request);
Answer<ecs::UpdateClusterResponse> update_cluster(const WriteCall& call, const ecs::UpdateClusterRequest& request);
Answer<ecs::UpdateClusterSettingsResponse> update_cluster_settings(const WriteCall& call,
                                                                   const ecs::UpdateClusterSettingsRequest& request);
// Replaces the list and the default strategy.
Answer<ecs::PutClusterCapacityProvidersResponse> put_cluster_capacity_providers(
    const WriteCall& call, const ecs::PutClusterCapacityProvidersRequest& request);

}  // namespace fl::control::api
