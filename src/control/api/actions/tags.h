// Tags of clusters, services, tasks, task definitions, container instances and capacity providers.
#pragma once

#include "control/api/action.h"
#include "ecs/generated/ecs_shapes.h"

namespace fl::control::api {

Answer<ecs::TagResourceResponse> tag_resource(const WriteCall& call, const ecs::TagResourceRequest& request);
Answer<ecs::UntagResourceResponse> untag_resource(const WriteCall& call, const ecs::UntagResourceRequest& request);
Answer<ecs::ListTagsForResourceResponse> list_tags_for_resource(const ReadCall& call,
                                                                const ecs::ListTagsForResourceRequest& request);

}  // namespace fl::control::api
