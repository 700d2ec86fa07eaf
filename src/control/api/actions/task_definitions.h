// Actions on task definitions. The rules themselves are ecs/task_definition.h.
#pragma once

#include "control/api/action.h"
#include "ecs/generated/ecs_shapes.h"

namespace fl::control::api {

// Revisions count up per family and are never used twice.
Answer<ecs::RegisterTaskDefinitionResponse> register_task_definition(const WriteCall& call,
                                                                     const ecs::RegisterTaskDefinitionRequest& request);
// Also INACTIVE ones; a family alone is its newest ACTIVE revision.
Answer<ecs::DescribeTaskDefinitionResponse> describe_task_definition(const ReadCall& call,
                                                                     const ecs::DescribeTaskDefinitionRequest& request);
// INACTIVE: what runs goes on with it, nothing new is made of it but by the services that have it.
Answer<ecs::DeregisterTaskDefinitionResponse> deregister_task_definition(
    const WriteCall& call, const ecs::DeregisterTaskDefinitionRequest& request);
// INACTIVE ones become DELETE_IN_PROGRESS, and are forgotten when nothing uses them any more.
Answer<ecs::DeleteTaskDefinitionsResponse> delete_task_definitions(const WriteCall& call,
                                                                   const ecs::DeleteTaskDefinitionsRequest& request);
Answer<ecs::ListTaskDefinitionsResponse> list_task_definitions(const ReadCall& call,
                                                               const ecs::ListTaskDefinitionsRequest& request);
Answer<ecs::ListTaskDefinitionFamiliesResponse> list_task_definition_families(
    const ReadCall& call, const ecs::ListTaskDefinitionFamiliesRequest& request);

}  // namespace fl::control::api
