#include "control/api/actions/clusters.h"

#include <fmt/format.h>

#include <algorithm>

#include "base/strings.h"
#include "control/api/actions/account_settings.h"
#include "control/api/actions/capacity_strategy.h"
#include "control/api/actions/tag_rules.h"
#include "control/api/names.h"
#include "control/api/paging.h"
#include "control/state/transaction.h"
#include "ecs/shape.h"

namespace fl::control::api {
namespace {

constexpr size_t kMaxDescribed = 100;

Answer<> check_name(std::string_view name) {
  const auto is_allowed = [](char c) { return is_alnum(c) || c == '-' || c == '_'; };
  if (name.empty() || name.size() > 255 || !std::ranges::all_of(name, is_allowed))
    return invalid_parameter(
        "Invalid cluster name: up to 255 letters (uppercase and lowercase), numbers, underscores and hyphens are "
        "allowed.");
  return {};
}

std::string_view default_insights(const state::Partition& state, const Caller& caller) {
  return effective_setting(state, caller.arn, "containerInsights");
}

// `settings` with `more` put over them.
Answer<std::vector<ecs::ClusterSetting>> merge_settings(std::vector<ecs::ClusterSetting> settings,
                                                        const std::vector<ecs::ClusterSetting>& more) {
  for (const ecs::ClusterSetting& setting : more) {
    const std::string_view value = ecs::text(setting.value);
    if (!setting.name) return invalid_parameter("Setting name cannot be empty.");
    if (value != "enabled" && value != "disabled" && value != "enhanced")
      return invalid_parameter(fmt::format("The setting {} has no value '{}'.", *setting.name, value));
    const auto same = std::ranges::find(settings, setting.name, &ecs::ClusterSetting::name);
    if (same == settings.end())
      settings.push_back(setting);
    else
      same->value = setting.value;
  }
  return settings;
}

Answer<> check_providers(const state::Partition& state, const std::vector<std::string>& providers) {
  if (providers.size() > 20) return invalid_parameter("A cluster has at most 20 capacity providers.");
  for (const std::string& name : providers)
    if (!is_capacity_provider(state, name))
      return invalid_parameter(
          fmt::format("The specified capacity provider '{}' was not found. Specify a valid name or "
                      "ARN and try again.",
                      name));
  return {};
}

// What a repeated CreateCluster says must be what the cluster already is.
bool agrees(const ecs::Cluster& cluster, const ecs::CreateClusterRequest& request) {
  const auto same = [](const auto& asked, const auto& there) { return !asked || asked == there; };
  return same(request.tags, cluster.tags) && same(request.capacity_providers, cluster.capacity_providers) &&
         same(request.configuration, cluster.configuration) &&
         (!request.settings || request.settings == cluster.settings) &&
         same(request.default_capacity_provider_strategy, cluster.default_capacity_provider_strategy);
}

std::optional<ecs::ClusterServiceConnectDefaults> connect_defaults(
    const std::optional<ecs::ClusterServiceConnectDefaultsRequest>& request) {
  if (!request || ecs::text(request->namespace_).empty()) return std::nullopt;
  return ecs::ClusterServiceConnectDefaults{.namespace_ = request->namespace_};
}

size_t count_services(const state::Partition& state, std::string_view cluster, std::string_view status) {
  size_t count = 0;
  for (const auto& service : state.services().all().range(std::tuple(cluster)))
    count += service->shape.status == status;
  return count;
}

size_t count_instances(const state::Partition& state, std::string_view cluster) {
  size_t count = 0;
  for (const auto& instance : state.instances().all().range(std::tuple(cluster)))
    count += instance->shape.status != "INACTIVE";
  return count;
}

size_t count_tasks(const state::Partition& state, std::string_view cluster, std::string_view last_status) {
  return state.tasks().by<state::task::ByLastStatus>().range(std::tuple(cluster, last_status)).size();
}

size_t count_pending(const state::Partition& state, std::string_view cluster) {
  return count_tasks(state, cluster, "PROVISIONING") + count_tasks(state, cluster, "PENDING") +
         count_tasks(state, cluster, "ACTIVATING");
}

// Tasks and services by launch type, as `include` STATISTICS asks for.
std::vector<ecs::KeyValuePair> statistics(const state::Partition& state, std::string_view cluster) {
  constexpr std::string_view kTypes[] = {"EC2", "FARGATE", "EXTERNAL"};
  constexpr std::string_view kNames[] = {"EC2", "Fargate", "External"};
  size_t running[3] = {}, pending[3] = {}, active[3] = {}, draining[3] = {};
  const auto index = [&](const std::optional<std::string>& type) {
    const auto found = std::ranges::find(kTypes, ecs::text(type));
    return found == std::end(kTypes) ? 0 : static_cast<size_t>(found - std::begin(kTypes));
  };
  for (const std::string_view status : {"RUNNING", "PROVISIONING", "PENDING", "ACTIVATING"})
    for (const auto& task : state.tasks().by<state::task::ByLastStatus>().range(std::tuple(cluster, status)))
      ++(status == "RUNNING" ? running : pending)[index(task->shape.launch_type)];
  for (const auto& service : state.services().all().range(std::tuple(cluster)))
    if (service->shape.status == "ACTIVE")
      ++active[index(service->shape.launch_type)];
    else if (service->shape.status == "DRAINING")
      ++draining[index(service->shape.launch_type)];
  std::vector<ecs::KeyValuePair> out;
  const auto add = [&out](std::string name, size_t value) {
    out.push_back({.name = std::move(name), .value = std::to_string(value)});
  };
  for (size_t i = 0; i < 3; ++i) {
    add(fmt::format("running{}TasksCount", kNames[i]), running[i]);
    add(fmt::format("pending{}TasksCount", kNames[i]), pending[i]);
    add(fmt::format("active{}ServiceCount", kNames[i]), active[i]);
    add(fmt::format("draining{}ServiceCount", kNames[i]), draining[i]);
  }
  return out;
}

// What is answered of a cluster: the record, what is counted, and of what must be asked for what was.
ecs::Cluster describe(const state::Partition& state, const state::Cluster& cluster,
                      const std::vector<std::string>& include) {
  const auto wants = [&include](std::string_view what) { return std::ranges::find(include, what) != include.end(); };
  ecs::Cluster shape = cluster.shape;
  const bool is_active = shape.status == "ACTIVE";
  const auto count = [is_active](size_t n) { return is_active ? static_cast<int32_t>(n) : 0; };
  shape.registered_container_instances_count = count(count_instances(state, cluster.name));
  shape.running_tasks_count = count(count_tasks(state, cluster.name, "RUNNING"));
  shape.pending_tasks_count = count(count_pending(state, cluster.name));
  shape.active_services_count = count(count_services(state, cluster.name, "ACTIVE"));
  shape.statistics =
      is_active && wants("STATISTICS") ? statistics(state, cluster.name) : std::vector<ecs::KeyValuePair>();
  if (!wants("TAGS")) shape.tags.emplace();
  if (!wants("SETTINGS")) shape.settings.emplace();
  if (!wants("CONFIGURATIONS")) shape.configuration.reset();
  if (wants("ATTACHMENTS")) {
    shape.attachments.emplace();
    shape.attachments_status = "UPDATE_COMPLETE";
  }
  return shape;
}

const std::vector<std::string> kEverything{"SETTINGS", "CONFIGURATIONS", "TAGS"};

}  // namespace

Answer<ecs::CreateClusterResponse> create_cluster(const WriteCall& call, const ecs::CreateClusterRequest& request) {
  state::Transaction& transaction = call.transaction;
  const std::string name = request.cluster_name.value_or(std::string(kDefaultCluster));
  FL_TRY_VOID(check_name(name));
  const state::Cluster* there = transaction.state().clusters().find({name});
  if (there != nullptr && there->shape.status == "ACTIVE") {
    if (!agrees(there->shape, request))
      return invalid_parameter(
          "Arguments on this idempotent request are inconsistent with arguments used in previous request(s).");
    return ecs::CreateClusterResponse{.cluster = describe(transaction.state(), *there, kEverything)};
  }

  FL_TRY(auto tags, new_tags(request.tags));
  const std::string insights(default_insights(transaction.state(), call.caller));
  FL_TRY(auto settings,
         merge_settings({{.name = "containerInsights", .value = insights}}, ecs::items(request.settings)));
  const auto& providers = ecs::items(request.capacity_providers);
  FL_TRY_VOID(check_providers(transaction.state(), providers));
  const auto& strategy = ecs::items(request.default_capacity_provider_strategy);
  FL_TRY_VOID(check_strategy(strategy, providers));

  state::Cluster cluster{.name = name, .changed_at = transaction.now()};
  cluster.shape = {.cluster_arn = cluster_arn(transaction.scope(), name),
                   .cluster_name = name,
                   .configuration = request.configuration,
                   .status = "ACTIVE",
                   .tags = std::move(tags),
                   .settings = std::move(settings),
                   .capacity_providers = providers,
                   .default_capacity_provider_strategy = strategy,
                   .service_connect_defaults = connect_defaults(request.service_connect_defaults)};
  ecs::CreateClusterResponse response{.cluster = describe(transaction.state(), cluster, kEverything)};
  transaction.put(std::move(cluster));
  return response;
}

Answer<ecs::DescribeClustersResponse> describe_clusters(const ReadCall& call,
                                                        const ecs::DescribeClustersRequest& request) {
  std::vector<std::string> names = ecs::items(request.clusters);
  if (names.size() > kMaxDescribed)
    return invalid_parameter(fmt::format("Clusters cannot have more than {} elements.", kMaxDescribed));
  if (names.empty()) names.emplace_back(kDefaultCluster);
  ecs::DescribeClustersResponse response{.clusters = std::vector<ecs::Cluster>(),
                                         .failures = std::vector<ecs::Failure>()};
  for (const std::string& given : names) {
    const auto name = name_in_scope(call.scope, "cluster", given);
    const state::Cluster* cluster = name ? call.state.clusters().find({*name}) : nullptr;
    if (cluster != nullptr)
      response.clusters->push_back(describe(call.state, *cluster, ecs::items(request.include)));
    else
      response.failures->push_back(
          {.arn = given.starts_with("arn:") ? given : cluster_arn(call.scope, given), .reason = "MISSING"});
  }
  return response;
}

Answer<ecs::ListClustersResponse> list_clusters(const ReadCall& call, const ecs::ListClustersRequest& request) {
  FL_TRY(const Page page, read_page(request.next_token, request.max_results, 100, 100));
  ecs::ListClustersResponse response{.cluster_arns = std::vector<std::string>()};
  std::string last;
  for (const auto& cluster :
       call.state.clusters().all().range_after(std::tuple<>(), std::tuple(std::string_view(page.after)))) {
    if (cluster->shape.status != "ACTIVE") continue;
    if (response.cluster_arns->size() == page.size) {
      response.next_token = next_token_after(last);
      break;
    }
    response.cluster_arns->push_back(*cluster->shape.cluster_arn);
    last = cluster->name;
  }
  return response;
}

Answer<ecs::DeleteClusterResponse> delete_cluster(const WriteCall& call, const ecs::DeleteClusterRequest& request) {
  state::Transaction& transaction = call.transaction;
  const state::Partition& state = transaction.state();
  FL_TRY(const state::Cluster* found, find_cluster(transaction.scope(), state, request.cluster));
  if (count_instances(state, found->name) > 0)
    return refuse("ClusterContainsContainerInstancesException",
                  "The Cluster cannot be deleted while Container Instances are active or draining.");
  if (count_services(state, found->name, "ACTIVE") + count_services(state, found->name, "DRAINING") > 0)
    return refuse("ClusterContainsServicesException", "The Cluster cannot be deleted while Services are active.");
  const auto tasks = state.tasks().all().range(std::tuple(std::string_view(found->name)));
  if (tasks.size() > count_tasks(state, found->name, "STOPPED"))
    return refuse("ClusterContainsTasksException", "The Cluster cannot be deleted while Tasks are active.");
  state::Cluster cluster = *found;
  cluster.shape.status = "INACTIVE";
  cluster.changed_at = transaction.now();
  ecs::DeleteClusterResponse response{.cluster = describe(state, cluster, kEverything)};
  transaction.put(std::move(cluster));
  return response;
}

Answer<ecs::UpdateClusterResponse> update_cluster(const WriteCall& call, const ecs::UpdateClusterRequest& request) {
  state::Transaction& transaction = call.transaction;
  FL_TRY(const state::Cluster* found, find_cluster(transaction.scope(), transaction.state(), request.cluster));
  state::Cluster cluster = *found;
  FL_TRY(cluster.shape.settings, merge_settings(ecs::items(cluster.shape.settings), ecs::items(request.settings)));
  if (request.configuration) cluster.shape.configuration = request.configuration;
  if (request.service_connect_defaults)
    cluster.shape.service_connect_defaults = connect_defaults(request.service_connect_defaults);
  ecs::UpdateClusterResponse response{.cluster = describe(transaction.state(), cluster, kEverything)};
  transaction.put(std::move(cluster));
  return response;
}

Answer<ecs::UpdateClusterSettingsResponse> update_cluster_settings(const WriteCall& call,
                                                                   const ecs::UpdateClusterSettingsRequest& request) {
  FL_TRY(auto updated, update_cluster(call, {.cluster = request.cluster, .settings = request.settings}));
  return ecs::UpdateClusterSettingsResponse{.cluster = std::move(updated.cluster)};
}

Answer<ecs::PutClusterCapacityProvidersResponse> put_cluster_capacity_providers(
    const WriteCall& call, const ecs::PutClusterCapacityProvidersRequest& request) {
  state::Transaction& transaction = call.transaction;
  const state::Partition& state = transaction.state();
  FL_TRY(const state::Cluster* found, find_cluster(transaction.scope(), state, request.cluster));
  const auto& providers = ecs::items(request.capacity_providers);
  FL_TRY_VOID(check_providers(state, providers));
  FL_TRY_VOID(check_strategy(ecs::items(request.default_capacity_provider_strategy), providers));
  // One that goes must not be in use.
  const auto is_kept = [&providers](const std::optional<std::string>& name) {
    return !name || std::ranges::find(providers, *name) != providers.end();
  };
  const auto in_use = [] {
    return refuse("ResourceInUseException",
                  "The specified capacity provider is in use and cannot be removed from the cluster.");
  };
  for (const auto& service : state.services().all().range(std::tuple(std::string_view(found->name))))
    for (const auto& item : ecs::items(service->shape.capacity_provider_strategy))
      if (service->shape.status != "INACTIVE" && !is_kept(item.capacity_provider)) return in_use();
  for (const auto& task : state.tasks().all().range(std::tuple(std::string_view(found->name))))
    if (task->shape.last_status != "STOPPED" && !is_kept(task->shape.capacity_provider_name)) return in_use();

  state::Cluster cluster = *found;
  cluster.shape.capacity_providers = providers;
  cluster.shape.default_capacity_provider_strategy = ecs::items(request.default_capacity_provider_strategy);
  ecs::PutClusterCapacityProvidersResponse response{.cluster = describe(state, cluster, kEverything)};
  transaction.put(std::move(cluster));
  return response;
}

}  // namespace fl::control::api
