#include "control/api/names.h"

#include <fmt/format.h>

#include "base/strings.h"
#include "ecs/arn.h"

namespace fl::control::api {
namespace {

std::string arn(const state::Scope& scope, std::string_view resource) {
  return fmt::format("arn:aws:ecs:{}:{}:{}", scope.region, scope.account, resource);
}

}  // namespace

std::string cluster_arn(const state::Scope& scope, std::string_view cluster) {
  return arn(scope, fmt::format("cluster/{}", cluster));
}
std::string service_arn(const state::Scope& scope, std::string_view cluster, std::string_view service) {
  return arn(scope, fmt::format("service/{}/{}", cluster, service));
}
std::string task_arn(const state::Scope& scope, std::string_view cluster, std::string_view id) {
  return arn(scope, fmt::format("task/{}/{}", cluster, id));
}
std::string instance_arn(const state::Scope& scope, std::string_view cluster, std::string_view id) {
  return arn(scope, fmt::format("container-instance/{}/{}", cluster, id));
}
std::string task_definition_arn(const state::Scope& scope, std::string_view family, int32_t revision) {
  return arn(scope, fmt::format("task-definition/{}:{}", family, revision));
}

std::optional<std::string_view> name_in_scope(const state::Scope& scope, std::string_view type,
                                              std::string_view name_or_arn, std::string_view cluster) {
  const auto parsed = ecs::parse_arn(name_or_arn);
  if (!parsed) return name_or_arn;
  if (parsed->service != "ecs" || parsed->region != scope.region || parsed->account != scope.account ||
      parsed->resource_type() != type)
    return std::nullopt;
  if (!cluster.empty() && !parsed->cluster().empty() && parsed->cluster() != cluster) return std::nullopt;
  return parsed->name();
}

Answer<const state::Cluster*> find_cluster(const state::Scope& scope, const state::Partition& state,
                                           const std::optional<std::string>& name_or_arn) {
  const auto name = name_in_scope(scope, "cluster", name_or_arn ? std::string_view(*name_or_arn) : kDefaultCluster);
  const state::Cluster* found = name ? state.clusters().find({*name}) : nullptr;
  if (found == nullptr) return cluster_not_found();
  if (found->shape.status == "INACTIVE")
    return refuse("ClusterNotFoundException", "The referenced cluster was inactive.");
  return found;
}

const state::Service* find_service(const state::Scope& scope, const state::Partition& state, std::string_view cluster,
                                   std::string_view name_or_arn) {
  const auto name = name_in_scope(scope, "service", name_or_arn, cluster);
  return name ? state.services().find({cluster, *name}) : nullptr;
}

const state::Task* find_task(const state::Scope& scope, const state::Partition& state, std::string_view cluster,
                             std::string_view id_or_arn) {
  const auto id = name_in_scope(scope, "task", id_or_arn, cluster);
  return id ? state.tasks().find({cluster, *id}) : nullptr;
}

const state::ContainerInstance* find_instance(const state::Scope& scope, const state::Partition& state,
                                              std::string_view cluster, std::string_view id_or_arn) {
  const auto id = name_in_scope(scope, "container-instance", id_or_arn, cluster);
  return id ? state.instances().find({cluster, *id}) : nullptr;
}

const state::TaskDefinition* find_task_definition(const state::Scope& scope, const state::Partition& state,
                                                  std::string_view name_or_arn) {
  const auto name = name_in_scope(scope, "task-definition", name_or_arn);
  if (!name) return nullptr;
  const size_t colon = name->rfind(':');
  if (colon != name->npos) {
    const auto revision = parse_int(name->substr(colon + 1));
    if (!revision || *revision > INT32_MAX || *revision < 1) return nullptr;
    return state.task_definitions().find({name->substr(0, colon), static_cast<int32_t>(*revision)});
  }
  const state::TaskDefinition* newest = nullptr;
  for (const auto& definition : state.task_definitions().all().range(std::tuple<state::Text>(*name)))
    if (definition->shape.status == "ACTIVE") newest = definition.get();
  return newest;
}

}  // namespace fl::control::api
