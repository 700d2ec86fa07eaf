#include "control/api/actions/tasks.h"

#include <algorithm>

#include "control/api/names.h"
#include "control/api/paging.h"
#include "control/state/transaction.h"
#include "control/tasks/transitions.h"

namespace fl::control::api {
namespace {

constexpr size_t kMaxDescribed = 100, kMaxReason = 1024;

bool fits(const ecs::ListTasksRequest& request, const state::Task& task, std::string_view service,
          std::string_view instance) {
  return (!request.family || task.family == *request.family) && (service.empty() || task.service == service) &&
         (instance.empty() || task.instance == instance) &&
         (!request.started_by || task.shape.started_by == request.started_by) &&
         (!request.launch_type || task.shape.launch_type == request.launch_type);
}

// One page of a range; `key` makes the token's text of a task.
template <class Range, class Fits, class KeyText>
void fill(ecs::ListTasksResponse& response, const Range& range, size_t size, Fits fits_, KeyText key) {
  response.task_arns.emplace();
  const state::Task* last = nullptr;
  for (const auto& task : range) {
    if (!fits_(*task)) continue;
    if (response.task_arns->size() == size) {
      response.next_token = next_token_after(key(*last));
      return;
    }
    response.task_arns->push_back(*task->shape.task_arn);
    last = task.get();
  }
}

}  // namespace

Answer<ecs::StopTaskResponse> stop_task(const WriteCall& call, const ecs::StopTaskRequest& request) {
  state::Transaction& tx = call.transaction;
  FL_TRY(const state::Cluster* cluster, find_cluster(tx.scope(), tx.state(), request.cluster));
  if (ecs::text(request.reason).size() > kMaxReason)
    return invalid_parameter("reason can be at most 1024 characters long.");
  const state::Task* found = find_task(tx.scope(), tx.state(), cluster->name, request.task.value_or(""));
  if (found == nullptr) return invalid_parameter("The referenced task was not found.");
  state::Task task = *found;
  const auto reason = ecs::text(request.reason);
  const bool changed = tasks::order_stop(task,
                                         {.reason = std::string(reason.empty() ? "Task stopped by user" : reason),
                                          .code = "UserInitiated",
                                          .drain_delay = tx.drain_delay()},
                                         tx.now());
  ecs::StopTaskResponse response{.task = task.shape};
  if (changed) tx.put(std::move(task));
  return response;
}

Answer<ecs::DescribeTasksResponse> describe_tasks(const ReadCall& call, const ecs::DescribeTasksRequest& request) {
  FL_TRY(const state::Cluster* cluster, find_cluster(call.scope, call.state, request.cluster));
  if (!request.tasks || request.tasks->empty()) return invalid_parameter("Tasks cannot be empty.");
  if (request.tasks->size() > kMaxDescribed) return invalid_parameter("tasks can have at most 100 items.");
  const bool with_tags = request.include && std::ranges::find(*request.include, "TAGS") != request.include->end();
  ecs::DescribeTasksResponse response;
  response.tasks.emplace();
  response.tasks->reserve(request.tasks->size());
  response.failures.emplace();
  for (const std::string& name : *request.tasks) {
    if (const state::Task* task = find_task(call.scope, call.state, cluster->name, name)) {
      response.tasks->push_back(task->shape);
      if (!with_tags) response.tasks->back().tags = std::vector<ecs::Tag>();
      continue;
    }
    const bool is_arn = name.starts_with("arn:");
    response.failures->push_back(
        {.arn = is_arn ? name : task_arn(call.scope, cluster->name, name), .reason = "MISSING"});
  }
  return response;
}

Answer<ecs::ListTasksResponse> list_tasks(const ReadCall& call, const ecs::ListTasksRequest& request) {
  using Text = state::Text;
  using Two = std::tuple<Text, Text>;
  using Three = std::tuple<Text, Text, Text>;
  using Four = std::tuple<Text, Text, Text, Text>;
  FL_TRY(const state::Cluster* cluster, find_cluster(call.scope, call.state, request.cluster));
  FL_TRY(const Page page, read_page(request.next_token, request.max_results, 100, 100));
  std::string_view service, instance;
  if (request.service_name) {
    const state::Service* found = find_service(call.scope, call.state, cluster->name, *request.service_name);
    if (found == nullptr) return refuse("ServiceNotFoundException", "Service not found.");
    service = found->name;
  }
  if (request.container_instance) {
    const auto* found = find_instance(call.scope, call.state, cluster->name, *request.container_instance);
    if (found == nullptr) return invalid_parameter("The referenced container instance was not found.");
    instance = found->id;
  }
  if (request.started_by && (request.family || request.service_name || request.container_instance))
    return invalid_parameter("startedBy must be the only filter.");
  const Text name = cluster->name, after = page.after;
  const Text desired = request.desired_status ? Text(*request.desired_status) : Text("RUNNING");

  ecs::ListTasksResponse response;
  const auto& tasks = call.state.tasks();
  const auto fits_ = [&](const state::Task& task) { return fits(request, task, service, instance); };
  const auto by_id = [](const state::Task& task) { return task.id; };
  // Through the narrowest order that the filters allow.
  if (request.started_by) {
    const Text starter = *request.started_by;
    const auto slash = std::min(after.find('/'), after.size());
    const auto rest = after.substr(std::min(slash + 1, after.size()));
    fill(response,
         tasks.by<state::task::ByStarter>().range_after(
             Three(name, starter, desired), std::tuple(name, starter, desired, after.substr(0, slash), rest)),
         page.size, fits_, [](const state::Task& task) { return *task.shape.last_status + "/" + task.id; });
  } else if (!service.empty()) {
    fill(response,
         tasks.by<state::task::ByService>().range_after(Three(name, service, desired),
                                                        Four(name, service, desired, after)),
         page.size, fits_, by_id);
  } else if (!instance.empty()) {
    fill(response,
         tasks.by<state::task::ByInstance>().range_after(Three(name, instance, desired),
                                                         Four(name, instance, desired, after)),
         page.size, fits_, by_id);
  } else if (request.family) {
    fill(response,
         tasks.by<state::task::ByFamily>().range_after(Three(name, *request.family, desired),
                                                       Four(name, *request.family, desired, after)),
         page.size, fits_, by_id);
  } else {
    fill(response,
         tasks.by<state::task::ByDesiredStatus>().range_after(Two(name, desired), Three(name, desired, after)),
         page.size, fits_, by_id);
  }
  return response;
}

}  // namespace fl::control::api
