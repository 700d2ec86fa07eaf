// Register-, Deregister-, Describe- and ListContainerInstances, UpdateContainerInstancesState, UpdateContainerAgent,
// DiscoverPollEndpoint. See ../action.h.
#pragma once

#include "control/api/action.h"
#include "control/state/records.h"
#include "ecs/generated/ecs_shapes.h"

namespace fl::control::api {

Answer<ecs::RegisterContainerInstanceResponse> register_container_instance(
    const WriteCall& call, const ecs::RegisterContainerInstanceRequest& request);
Answer<ecs::DeregisterContainerInstanceResponse> deregister_container_instance(
    const WriteCall& call, const ecs::DeregisterContainerInstanceRequest& request);
Answer<ecs::DescribeContainerInstancesResponse> describe_container_instances(
    const ReadCall& call, const ecs::DescribeContainerInstancesRequest& request);
Answer<ecs::ListContainerInstancesResponse> list_container_instances(const ReadCall& call,
                                                                     const ecs::ListContainerInstancesRequest& request);
Answer<ecs::UpdateContainerInstancesStateResponse> update_container_instances_state(
    const WriteCall& call, const ecs::UpdateContainerInstancesStateRequest& request);
Answer<ecs::UpdateContainerAgentResponse> update_container_agent(const ReadCall& call,
                                                                 const ecs::UpdateContainerAgentRequest& request);
Answer<ecs::DiscoverPollEndpointResponse> discover_poll_endpoint(const ReadCall& call,
                                                                 const ecs::DiscoverPollEndpointRequest& request);

// What DescribeContainerInstances answers of one: the record with counts and what is free.
ecs::ContainerInstance describe(const state::Partition& state, const state::ContainerInstance& instance,
                                bool with_tags);

}  // namespace fl::control::api
