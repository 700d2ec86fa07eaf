// Custom attributes of container instances: what placement constraints ask for.
#pragma once

#include "control/api/action.h"
#include "ecs/generated/ecs_shapes.h"

namespace fl::control::api {

// At most 10 a call, all or none.
Answer<ecs::PutAttributesResponse> put_attributes(const WriteCall& call, const ecs::PutAttributesRequest& request);
// Only those whose value is the one named, where one is named.
Answer<ecs::DeleteAttributesResponse> delete_attributes(const WriteCall& call,
                                                        const ecs::DeleteAttributesRequest& request);
Answer<ecs::ListAttributesResponse> list_attributes(const ReadCall& call, const ecs::ListAttributesRequest& request);

}  // namespace fl::control::api
