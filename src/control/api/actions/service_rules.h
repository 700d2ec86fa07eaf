// What a service or a task's placement may ask for; shared by CreateService, UpdateService, RunTask and StartTask.
// Pure.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "control/api/action.h"
#include "control/state/records.h"

namespace fl::control::api {

using Constraints = std::optional<std::vector<ecs::PlacementConstraint>>;
using Strategies = std::optional<std::vector<ecs::PlacementStrategy>>;

Answer<> check_placement(const Constraints& constraints, const Strategies& strategies);

// The definition that a service or RunTask names. Errors: ClientException, absent or INACTIVE.
Answer<const state::TaskDefinition*> find_usable_definition(const state::Scope& scope, const state::Partition& state,
                                                            const std::optional<std::string>& name);

// `launch_type` is FARGATE, EC2 or EXTERNAL.
Answer<> check_launch_type(const ServerSettings& settings, const ecs::TaskDefinition& definition,
                           std::string_view launch_type);
Answer<> check_network(const ecs::TaskDefinition& definition, const std::optional<ecs::NetworkConfiguration>& network);
Answer<> check_load_balancers(const ServerSettings& settings, const ecs::TaskDefinition& definition,
                              const std::optional<std::vector<ecs::LoadBalancer>>& load_balancers,
                              std::string_view launch_type);
Answer<> check_deployment(const std::optional<ecs::DeploymentConfiguration>& configuration);

// What the launch type demands of an instance, to be added to the request's constraints. Amazon keeps EC2 tasks off
// external instances; here they may run there, since without Amazon every machine is external.
std::vector<ecs::PlacementConstraint> constraints_with_launch_type(const Constraints& constraints,
                                                                   std::string_view launch_type);

}  // namespace fl::control::api
