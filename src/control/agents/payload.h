// A task as its agent is told of it: the definition with what the task overrides, in the agent protocol's shape. Pure.
// Source: amazon-ecs-agent's ACS model; Docker's Config and HostConfig.
#pragma once

#include <optional>

#include "control/state/view.h"
#include "ecs/agent_protocol.h"

namespace fl::control::agents {

struct TaskCredentials {
  std::optional<ecs::agent::RoleCredentials> task, execution;
};

ecs::agent::Task make_payload(const state::Scope& scope, const state::Task& task, const ecs::TaskDefinition& definition,
                              TaskCredentials credentials);

// The role a task runs with: its own override, else its definition's; empty: none.
std::string task_role_of(const state::Task& task, const ecs::TaskDefinition& definition);
std::string execution_role_of(const state::Task& task, const ecs::TaskDefinition& definition);

}  // namespace fl::control::agents
