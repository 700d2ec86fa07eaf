// The part of a container's definition that goes to Docker as it is: its Config and HostConfig as JSON. Pure.
#pragma once

#include "ecs/agent_protocol.h"
#include "ecs/generated/ecs_shapes.h"

namespace fl::control::agents {

ecs::agent::DockerConfig make_docker_config(const ecs::ContainerDefinition& container, const std::string& network_mode);

}  // namespace fl::control::agents
