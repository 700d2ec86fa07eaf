#include "control/api/actions/fargate_platform.h"

#include <fmt/format.h>

#include <algorithm>

#include "ecs/shape.h"

namespace fl::control::api {
namespace {

constexpr std::string_view kLatest = "LATEST", kNewest = "1.4.0", kOlder = "1.3.0";  // those before are retired

// What came with 1.4.0.
bool needs_newest(const ecs::TaskDefinition& definition) {
  return definition.ephemeral_storage || definition.pid_mode ||
         (definition.runtime_platform && definition.runtime_platform->cpu_architecture == "ARM64") ||
         std::ranges::any_of(ecs::items(definition.volumes), [](const ecs::Volume& volume) {
           return volume.efs_volume_configuration || volume.configured_at_launch.value_or(false);
         });
}

bool is_windows(const ecs::TaskDefinition& definition) {
  return definition.runtime_platform &&
         ecs::text(definition.runtime_platform->operating_system_family).starts_with("WINDOWS");
}

}  // namespace

Answer<> check_platform(const ecs::TaskDefinition& definition, const std::optional<std::string>& version,
                        std::string_view launch_type) {
  if (launch_type != "FARGATE") {
    if (!version) return {};
    return invalid_parameter(
        fmt::format("The platform version must be null when specifying an {} launch type.", launch_type));
  }
  const std::string_view asked = version ? std::string_view(*version) : kLatest;
  if (asked != kLatest && asked != kNewest && asked != kOlder)
    return refuse("PlatformUnknownException", "The specified platform does not exist.");
  if (is_windows(definition) || (asked == kOlder && needs_newest(definition)))
    return refuse("PlatformTaskDefinitionIncompatibilityException",
                  "One or more of the requested capabilities are not supported.");
  return {};
}

void set_platform(ecs::Service& service, const std::optional<std::string>& asked, std::string_view launch_type) {
  if (launch_type != "FARGATE") {
    service.platform_version.reset();
    service.platform_family.reset();
    return;
  }
  if (asked || !service.platform_version) service.platform_version = asked.value_or(std::string(kLatest));
  service.platform_family = "Linux";
}

std::optional<std::string> platform_of_task(const std::optional<std::string>& version, std::string_view launch_type) {
  if (launch_type != "FARGATE") return std::nullopt;
  return version && *version != kLatest ? *version : std::string(kNewest);
}

}  // namespace fl::control::api
