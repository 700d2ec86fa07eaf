// From what a request names (short names or ARNs) to records, and from records to ARNs. Pure; any thread.
#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "control/api/aws_error.h"
#include "control/state/view.h"

namespace fl::control::api {

// ---- ARNs
std::string cluster_arn(const state::Scope& scope, std::string_view cluster);
std::string service_arn(const state::Scope& scope, std::string_view cluster, std::string_view service);
std::string task_arn(const state::Scope& scope, std::string_view cluster, std::string_view id);
std::string instance_arn(const state::Scope& scope, std::string_view cluster, std::string_view id);
std::string task_definition_arn(const state::Scope& scope, std::string_view family, int32_t revision);

// ---- lookups
inline constexpr std::string_view kDefaultCluster = "default";

// The short name that a cluster, or something inside the cluster, is called by; nullopt when the text is an ARN of
// another region, account or cluster, or of something else than `type` ("cluster", "service", ...).
std::optional<std::string_view> name_in_scope(const state::Scope& scope, std::string_view type,
                                              std::string_view name_or_arn, std::string_view cluster = {});

// The ACTIVE cluster of that name or ARN; absent: `default`. Errors: ClusterNotFoundException.
Answer<const state::Cluster*> find_cluster(const state::Scope& scope, const state::Partition& state,
                                           const std::optional<std::string>& name_or_arn);

// Null when there is none.
const state::Service* find_service(const state::Scope& scope, const state::Partition& state, std::string_view cluster,
                                   std::string_view name_or_arn);
const state::Task* find_task(const state::Scope& scope, const state::Partition& state, std::string_view cluster,
                             std::string_view id_or_arn);
const state::ContainerInstance* find_instance(const state::Scope& scope, const state::Partition& state,
                                              std::string_view cluster, std::string_view id_or_arn);
// `family` (its newest ACTIVE revision), `family:revision` or an ARN.
const state::TaskDefinition* find_task_definition(const state::Scope& scope, const state::Partition& state,
                                                  std::string_view name_or_arn);

}  // namespace fl::control::api
