#include "control/tasks/transitions.h"

#include <algorithm>
#include <array>

namespace fl::control::tasks {
namespace {

void touch(state::Task& task) { task.shape.version = task.shape.version.value_or(0) + 1; }

ecs::Container* find_container(state::Task& task, std::string_view name) {
  if (!task.shape.containers) return nullptr;
  const auto found = std::ranges::find_if(*task.shape.containers, [name](const auto& c) { return c.name == name; });
  return found == task.shape.containers->end() ? nullptr : &*found;
}

// The agent has no network interface to report: in awsvpc mode the address stands in the bindings of a container. It is
// that of all containers of the task.
void put_address(state::Task& task, const std::string& address) {
  for (ecs::Attachment& attachment : *task.shape.attachments) {
    if (attachment.type != "ElasticNetworkInterface") continue;
    for (ecs::Container& container : *task.shape.containers) {
      container.network_bindings.emplace();
      container.network_interfaces = {{.attachment_id = attachment.id, .private_ipv4_address = address}};
    }
    attachment.status = "ATTACHED";
    attachment.details = {{.name = "privateIPv4Address", .value = address}};
  }
}

void mark_running(state::Task& task, WallTime now) {
  if (task.shape.started_at || is_stopped(task)) return;
  task.shape.started_at = now;
  task.shape.connectivity = "CONNECTED";
  task.shape.connectivity_at = now;
  task.shape.last_status = is_to_stop(task) ? "STOPPING" : "RUNNING";
}

// Why a task that nobody told to stop has.
void explain_stop(state::Task& task, std::string_view reported) {
  static constexpr std::array<std::string_view, 5> kStartErrors{"CannotPull", "CannotStart", "CannotCreate",
                                                                "ResourceInitialization", "CannotInspect"};
  const auto failed_to_start = [](const ecs::Container& c) {
    return std::ranges::any_of(kStartErrors, [&c](auto error) { return ecs::text(c.reason).starts_with(error); });
  };
  const bool never_ran = !task.shape.started_at || std::ranges::any_of(*task.shape.containers, failed_to_start);
  task.shape.stop_code = never_ran ? "TaskFailedToStart" : "EssentialContainerExited";
  task.shape.stopped_reason = !reported.empty() ? std::string(reported)
                              : never_ran       ? "Task failed to start"
                                                : "Essential container in task exited";
}

}  // namespace

bool order_stop(state::Task& task, const StopOrder& order, WallTime now) {
  if (is_to_stop(task)) return false;
  task.shape.desired_status = "STOPPED";
  task.shape.stopped_reason = order.reason;
  task.shape.stop_code = std::string(order.code);
  task.shape.stopping_at = now;
  if (task.shape.last_status == "RUNNING") {
    task.shape.last_status = order.drain_delay > 0s ? "DEACTIVATING" : "STOPPING";
    if (order.drain_delay > 0s) task.drain_until = now + order.drain_delay;
  }
  touch(task);
  return true;
}

void end_drain(state::Task& task, WallTime) {
  if (task.shape.last_status == "DEACTIVATING") task.shape.last_status = "STOPPING";
  task.drain_until.reset();
  touch(task);
}

void mark_stopped(state::Task& task, WallTime now) {
  if (is_stopped(task)) return;
  task.shape.desired_status = "STOPPED";
  task.shape.last_status = "STOPPED";
  task.shape.stopped_at = now;
  if (!task.shape.stopping_at) task.shape.stopping_at = now;
  if (!task.shape.execution_stopped_at) task.shape.execution_stopped_at = now;
  task.drain_until.reset();
  for (ecs::Container& container : *task.shape.containers) container.last_status = "STOPPED";
  for (ecs::Attachment& attachment : *task.shape.attachments) attachment.status = "DELETED";
  touch(task);
}

void apply_container_report(state::Task& task, const ecs::ContainerStateChange& report) {
  ecs::Container* container = find_container(task, ecs::text(report.container_name));
  if (container == nullptr) return;  // the agent's own, such as the pause container
  const auto status = ecs::text(report.status);
  if (status == "RUNNING" || status == "STOPPED" || status == "PENDING") container->last_status = status;
  if (report.runtime_id) container->runtime_id = report.runtime_id;
  if (report.image_digest) container->image_digest = report.image_digest;
  if (report.exit_code) container->exit_code = report.exit_code;
  if (report.reason && !report.reason->empty()) container->reason = report.reason;
  if (status == "STOPPED" && container->managed_agents)
    for (ecs::ManagedAgent& agent : *container->managed_agents) agent.last_status = "STOPPED";
  if (!report.network_bindings || report.network_bindings->empty()) return;
  container->network_bindings = report.network_bindings;
  if (!task.shape.attachments->empty()) put_address(task, report.network_bindings->front().bind_ip.value_or(""));
}

void apply_report(state::Task& task, const ecs::SubmitTaskStateChangeRequest& report, WallTime now) {
  if (is_stopped(task)) return;
  if (report.containers)
    for (const ecs::ContainerStateChange& container : *report.containers) apply_container_report(task, container);
  if (report.managed_agents)
    for (const ecs::ManagedAgentStateChange& change : *report.managed_agents)
      if (ecs::Container* container = find_container(task, ecs::text(change.container_name)))
        if (container->managed_agents)
          for (ecs::ManagedAgent& agent : *container->managed_agents)
            if (agent.name == change.managed_agent_name) {
              agent.last_status = change.status;
              agent.reason = change.reason;
              agent.last_started_at = now;
            }
  if (report.pull_started_at) task.shape.pull_started_at = report.pull_started_at;
  if (report.pull_stopped_at) task.shape.pull_stopped_at = report.pull_stopped_at;
  if (report.execution_stopped_at) task.shape.execution_stopped_at = report.execution_stopped_at;
  const auto status = ecs::text(report.status);
  if (status == "RUNNING") mark_running(task, now);
  if (status == "STOPPED") {
    if (!is_to_stop(task)) explain_stop(task, ecs::text(report.reason));
    mark_stopped(task, now);  // counts as the change
    return;
  }
  touch(task);
}

bool apply_health(state::Task& task, const ecs::TaskDefinition& definition, std::string_view container_name,
                  std::string_view health, WallTime now) {
  ecs::Container* container = find_container(task, container_name);
  if (container == nullptr || is_stopped(task) || container->health_status == health) return false;
  container->health_status = std::string(health);
  bool all_healthy = true, any_unhealthy = false;
  for (const ecs::ContainerDefinition& from : *definition.container_definitions) {
    if (!from.health_check || !from.essential.value_or(true)) continue;
    const ecs::Container* checked = find_container(task, ecs::text(from.name));
    const auto status = checked == nullptr ? std::string_view("UNKNOWN") : ecs::text(checked->health_status);
    all_healthy = all_healthy && status == "HEALTHY";
    any_unhealthy = any_unhealthy || status == "UNHEALTHY";
  }
  const bool has_checks = std::ranges::any_of(
      *definition.container_definitions, [](const auto& c) { return c.health_check && c.essential.value_or(true); });
  const std::string_view now_is = any_unhealthy ? "UNHEALTHY" : has_checks && all_healthy ? "HEALTHY" : "UNKNOWN";
  if (task.shape.health_status != now_is) {
    task.shape.health_status = std::string(now_is);
    if (now_is == "HEALTHY") task.healthy_at = now;
  }
  touch(task);
  return true;
}

}  // namespace fl::control::tasks
