// What tags may be, whatever carries them. Pure; any thread. Source: ECS developer guide, tag restrictions.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "control/api/aws_error.h"
#include "ecs/generated/ecs_shapes.h"

namespace fl::control::api {

// The tags of something new: at most 50, each key once. Errors: InvalidParameterException.
Answer<std::vector<ecs::Tag>> new_tags(const std::optional<std::vector<ecs::Tag>>& tags);

// `tags` with `more` put over them; errors as above.
Answer<std::vector<ecs::Tag>> merge_tags(std::vector<ecs::Tag> tags, const std::vector<ecs::Tag>& more);
std::vector<ecs::Tag> without_tags(std::vector<ecs::Tag> tags, const std::vector<std::string>& keys);

}  // namespace fl::control::api
