// Platform versions of Fargate: what CreateService, UpdateService and RunTask may ask for. Here all of them run on the
// same instances; a version is checked, kept and answered, so that a request that AWS refuses is refused. Pure.
// Source: Amazon ECS Developer Guide, "Fargate platform versions".
#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "control/api/action.h"
#include "ecs/generated/ecs_shapes.h"

namespace fl::control::api {

// Errors: InvalidParameterException, a version for what is not FARGATE; PlatformUnknownException;
// PlatformTaskDefinitionIncompatibilityException, the definition wants what that version does not have.
Answer<> check_platform(const ecs::TaskDefinition& definition, const std::optional<std::string>& version,
                        std::string_view launch_type);

// Services of FARGATE have a version, `asked` or LATEST, and a family; others have none.
void set_platform(ecs::Service& service, const std::optional<std::string>& asked, std::string_view launch_type);

// What DescribeTasks shows of a task: LATEST and nothing are the newest version.
std::optional<std::string> platform_of_task(const std::optional<std::string>& version, std::string_view launch_type);

}  // namespace fl::control::api
