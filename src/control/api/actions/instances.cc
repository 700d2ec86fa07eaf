#include "control/api/actions/instances.h"

#include <algorithm>
#include <set>

#include "base/strings.h"
#include "control/api/names.h"
#include "control/api/paging.h"
#include "control/runner/capacities.h"
#include "control/schedule/query.h"
#include "control/state/transaction.h"
#include "control/tasks/transitions.h"

namespace fl::control::api {
namespace {

constexpr size_t kMaxDescribed = 100, kMaxUpdated = 10;

auto tasks_on(const state::Partition& state, const state::ContainerInstance& instance) {
  return state.tasks().by<state::task::ByInstance>().range(
      std::tuple<state::Text, state::Text>(instance.cluster, instance.id));
}

// What the tasks leave of a resource. Ports are listed as far as they are taken, as AWS does.
void take(ecs::Resource& resource, const state::Reservation& taken) {
  if (resource.name == "CPU") *resource.integer_value -= static_cast<int32_t>(taken.cpu);
  if (resource.name == "MEMORY") *resource.integer_value -= static_cast<int32_t>(taken.memory);
  const std::vector<int32_t>* ports = resource.name == "PORTS"       ? &taken.tcp_ports
                                      : resource.name == "PORTS_UDP" ? &taken.udp_ports
                                                                     : nullptr;
  if (ports != nullptr && resource.string_set_value)
    for (const int32_t port : *ports) resource.string_set_value->push_back(std::to_string(port));
}

std::vector<ecs::Failure> missing(std::string arn) { return {{.arn = std::move(arn), .reason = "MISSING"}}; }

std::string arn_of(const state::Scope& scope, std::string_view cluster, const std::string& name) {
  return name.starts_with("arn:") ? name : instance_arn(scope, cluster, name);
}

}  // namespace

ecs::ContainerInstance describe(const state::Partition& state, const state::ContainerInstance& instance,
                                bool with_tags) {
  ecs::ContainerInstance out = instance.shape;
  out.remaining_resources = out.registered_resources;
  int32_t running = 0, pending = 0;
  for (const auto& task : tasks_on(state, instance)) {
    if (tasks::is_stopped(*task)) continue;
    running += task->shape.last_status == "RUNNING";
    pending += task->shape.last_status == "PENDING";
    for (ecs::Resource& resource : *out.remaining_resources) take(resource, task->reservation);
  }
  out.running_tasks_count = running;
  out.pending_tasks_count = pending;
  if (!with_tags) out.tags = std::vector<ecs::Tag>();
  return out;
}

Answer<ecs::DescribeContainerInstancesResponse> describe_container_instances(
    const ReadCall& call, const ecs::DescribeContainerInstancesRequest& request) {
  FL_TRY(const state::Cluster* cluster, find_cluster(call.scope, call.state, request.cluster));
  if (!request.container_instances || request.container_instances->empty())
    return invalid_parameter("Container instances cannot be empty.");
  if (request.container_instances->size() > kMaxDescribed)
    return invalid_parameter("containerInstances can have at most 100 items.");
  const auto includes = [&](std::string_view what) {
    return request.include && std::ranges::find(*request.include, what) != request.include->end();
  };
  ecs::DescribeContainerInstancesResponse response;
  response.container_instances.emplace();
  response.failures.emplace();
  for (const std::string& name : *request.container_instances) {
    const auto* found = find_instance(call.scope, call.state, cluster->name, name);
    if (found == nullptr) {
      response.failures->push_back(missing(arn_of(call.scope, cluster->name, name)).front());
      continue;
    }
    response.container_instances->push_back(describe(call.state, *found, includes("TAGS")));
    if (!includes("CONTAINER_INSTANCE_HEALTH")) response.container_instances->back().health_status.reset();
  }
  return response;
}

Answer<ecs::ListContainerInstancesResponse> list_container_instances(
    const ReadCall& call, const ecs::ListContainerInstancesRequest& request) {
  FL_TRY(const state::Cluster* cluster, find_cluster(call.scope, call.state, request.cluster));
  FL_TRY(const Page page, read_page(request.next_token, request.max_results, 100, 100));
  std::optional<schedule::Query> query;
  if (request.filter && !request.filter->empty()) {
    auto parsed = schedule::Query::parse(*request.filter);
    if (!parsed) return invalid_parameter("Invalid filter expression: " + parsed.error().message);
    query = *std::move(parsed);
  }
  const auto matches = [&](const state::ContainerInstance& instance) {
    const auto status = ecs::text(instance.shape.status);
    if (request.status ? status != *request.status : status == "INACTIVE") return false;
    if (!query) return true;
    std::vector<schedule::PlacedTask> placed;
    for (const auto& task : tasks_on(call.state, instance))
      if (!tasks::is_stopped(*task)) placed.push_back(runner::to_placed(*task));
    return query->matches(runner::to_view(instance), placed);
  };
  ecs::ListContainerInstancesResponse response;
  response.container_instance_arns.emplace();
  const state::ContainerInstance* last = nullptr;
  for (const auto& instance : call.state.instances().all().range_after(
           std::tuple<state::Text>(cluster->name), std::tuple<state::Text, state::Text>(cluster->name, page.after))) {
    if (!matches(*instance)) continue;
    if (response.container_instance_arns->size() == page.size) {
      response.next_token = next_token_after(last->id);
      break;
    }
    response.container_instance_arns->push_back(*instance->shape.container_instance_arn);
    last = instance.get();
  }
  return response;
}

Answer<ecs::UpdateContainerInstancesStateResponse> update_container_instances_state(
    const WriteCall& call, const ecs::UpdateContainerInstancesStateRequest& request) {
  state::Transaction& tx = call.transaction;
  FL_TRY(const state::Cluster* cluster, find_cluster(tx.scope(), tx.state(), request.cluster));
  const auto& names = *request.container_instances;
  if (names.empty()) return invalid_parameter("Container instances cannot be empty.");
  if (names.size() > kMaxUpdated) return invalid_parameter("containerInstances can have at most 10 items.");
  if (request.status != "ACTIVE" && request.status != "DRAINING")
    return invalid_parameter("Container instances can only be set to ACTIVE or DRAINING.");
  ecs::UpdateContainerInstancesStateResponse response;
  response.container_instances.emplace();
  response.failures.emplace();
  for (const std::string& name : names) {
    const auto* found = find_instance(tx.scope(), tx.state(), cluster->name, name);
    if (found == nullptr || found->shape.status == "INACTIVE") {
      response.failures->push_back(
          {.arn = arn_of(tx.scope(), cluster->name, name), .reason = found == nullptr ? "MISSING" : "INACTIVE"});
      continue;
    }
    state::ContainerInstance instance = *found;
    const bool is_changed = instance.shape.status != request.status;
    if (is_changed) {
      instance.shape.status = request.status;
      instance.shape.version = instance.shape.version.value_or(0) + 1;
    }
    response.container_instances->push_back(describe(tx.state(), instance, true));
    if (is_changed) tx.put(std::move(instance));
  }
  return response;
}

Answer<ecs::UpdateContainerAgentResponse> update_container_agent(const ReadCall& call,
                                                                 const ecs::UpdateContainerAgentRequest& request) {
  FL_TRY(const state::Cluster* cluster, find_cluster(call.scope, call.state, request.cluster));
  if (find_instance(call.scope, call.state, cluster->name, request.container_instance.value_or("")) == nullptr)
    return invalid_parameter("The referenced container instance was not found.");
  return refuse("NoUpdateAvailableException", "There is no update available for your container agent.");
}

Answer<ecs::DiscoverPollEndpointResponse> discover_poll_endpoint(const ReadCall& call,
                                                                 const ecs::DiscoverPollEndpointRequest&) {
  // The agent appends "ws" to the first and "/ws" to the second.
  return ecs::DiscoverPollEndpointResponse{.endpoint = call.settings.endpoint + "/",
                                           .telemetry_endpoint = call.settings.endpoint + "/tcs",
                                           .service_connect_endpoint = call.settings.endpoint + "/sc"};
}

}  // namespace fl::control::api
