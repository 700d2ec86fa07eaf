// CreateService, UpdateService, DeleteService, DescribeServices, ListServices. See ../action.h.
#pragma once

#include "control/api/action.h"
#include "control/state/records.h"
#include "ecs/generated/ecs_shapes.h"

namespace fl::control::api {

Answer<ecs::CreateServiceResponse> create_service(const WriteCall& call, const ecs::CreateServiceRequest& request);
Answer<ecs::UpdateServiceResponse> update_service(const WriteCall& call, const ecs::UpdateServiceRequest& request);
Answer<ecs::DeleteServiceResponse> delete_service(const WriteCall& call, const ecs::DeleteServiceRequest& request);
Answer<ecs::DescribeServicesResponse> describe_services(const ReadCall& call,
                                                        const ecs::DescribeServicesRequest& request);
Answer<ecs::ListServicesResponse> list_services(const ReadCall& call, const ecs::ListServicesRequest& request);

// What DescribeServices answers of one service: the record with its deployments, counts and newest events.
ecs::Service describe(const state::Partition& state, const state::Service& service, bool with_tags);

}  // namespace fl::control::api
