#include "app/commands/ecs_status.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <chrono>

#include "ecs/arn.h"
#include "ecs/generated/ecs_operations.h"
#include "ecs/shape.h"

namespace fl::app {
namespace {

using ecs::items;
using ecs::text;

constexpr size_t kServicesACall = 10, kTasksACall = 100;  // most that Describe... takes

// Every page of a list of ARNs.
template <class Op, class Member>
net::Task<Result<std::vector<std::string>>> list_all(aws::EcsClient& api, typename Op::Request request, Member arns) {
  std::vector<std::string> all;
  for (;;) {
    FL_CO_TRY(const auto page, co_await api.call<Op>(request));
    all.insert(all.end(), items(page.*arns).begin(), items(page.*arns).end());
    if (text(page.next_token).empty()) co_return all;
    request.next_token = page.next_token;
  }
}

std::vector<std::string> slice(const std::vector<std::string>& all, size_t begin, size_t size) {
  const auto first = all.begin() + static_cast<ptrdiff_t>(begin);
  return {first, first + static_cast<ptrdiff_t>(std::min(size, all.size() - begin))};
}

net::Task<Result<ClusterStatus>> gather_cluster(aws::EcsClient& api, ecs::Cluster cluster) {
  const std::optional<std::string> name = cluster.cluster_arn;
  ClusterStatus status{.cluster = std::move(cluster), .instances = {}, .services = {}, .tasks = {}};

  FL_CO_TRY(const auto instances,
            co_await list_all<ecs::op::ListContainerInstances>(
                api, {.cluster = name}, &ecs::ListContainerInstancesResponse::container_instance_arns));
  for (size_t i = 0; i < instances.size(); i += kTasksACall) {
    FL_CO_TRY(const auto page, co_await api.describe_container_instances(
                                   {.cluster = name, .container_instances = slice(instances, i, kTasksACall)}));
    status.instances.insert(status.instances.end(), items(page.container_instances).begin(),
                            items(page.container_instances).end());
  }
  FL_CO_TRY(const auto services,
            co_await list_all<ecs::op::ListServices>(api, {.cluster = name}, &ecs::ListServicesResponse::service_arns));
  for (size_t i = 0; i < services.size(); i += kServicesACall) {
    FL_CO_TRY(const auto page, co_await api.call<ecs::op::DescribeServices>(
                                   {.cluster = name, .services = slice(services, i, kServicesACall)}));
    status.services.insert(status.services.end(), items(page.services).begin(), items(page.services).end());
  }
  FL_CO_TRY(const auto tasks,
            co_await list_all<ecs::op::ListTasks>(api, {.cluster = name}, &ecs::ListTasksResponse::task_arns));
  for (size_t i = 0; i < tasks.size(); i += kTasksACall) {
    FL_CO_TRY(const auto page, co_await api.describe_tasks({.cluster = name, .tasks = slice(tasks, i, kTasksACall)}));
    status.tasks.insert(status.tasks.end(), items(page.tasks).begin(), items(page.tasks).end());
  }
  std::ranges::sort(status.services, {}, [](const ecs::Service& s) { return text(s.service_name); });
  std::ranges::sort(status.tasks, {}, [](const ecs::Task& t) { return std::pair(text(t.group), text(t.task_arn)); });
  co_return status;
}

// ---- text

using Row = std::vector<std::string>;

// Columns as wide as their widest cell, two spaces between them; the first row is the heading.
std::string table(const std::vector<Row>& rows, bool colour) {
  std::vector<size_t> widths;
  for (const Row& row : rows)
    for (size_t i = 0; i < row.size(); ++i) {
      if (i == widths.size()) widths.push_back(0);
      widths[i] = std::max(widths[i], row[i].size());
    }
  std::string out;
  for (const Row& row : rows) {
    std::string line = "  ";
    for (size_t i = 0; i < row.size(); ++i) line += fmt::format("{:<{}}  ", row[i], widths[i]);
    line.erase(line.find_last_not_of(' ') + 1);
    const bool is_heading = &row == &rows.front();
    out += colour && is_heading ? fmt::format("\033[2m{}\033[0m\n", line) : line + "\n";
  }
  return out;
}

std::string short_id(const std::optional<std::string>& arn) {
  return std::string(ecs::short_name(text(arn)).substr(0, 8));
}

std::string or_dash(std::string_view value) { return std::string(value.empty() ? "-" : value); }

std::string age(std::optional<WallTime> since, WallTime now) {
  if (!since) return "-";
  const int64_t seconds = std::max<int64_t>(0, std::chrono::duration_cast<std::chrono::seconds>(now - *since).count());
  constexpr std::array<std::pair<int64_t, char>, 3> units{{{86'400, 'd'}, {3'600, 'h'}, {60, 'm'}}};
  for (const auto& [size, name] : units)
    if (seconds >= size) return fmt::format("{}{}", seconds / size, name);
  return fmt::format("{}s", seconds);
}

int64_t resource(const std::optional<std::vector<ecs::Resource>>& resources, std::string_view name) {
  for (const ecs::Resource& r : items(resources))
    if (text(r.name) == name) return r.integer_value.value_or(0);
  return 0;
}

// "32768->80", or "10.0.0.7" of a task with an address of its own.
std::string addresses(const ecs::Task& task) {
  std::string out;
  const auto add = [&out](const std::string& one) { out += (out.empty() ? "" : " ") + one; };
  for (const ecs::Container& container : items(task.containers)) {
    for (const ecs::NetworkBinding& binding : items(container.network_bindings))
      add(fmt::format("{}->{}", binding.host_port.value_or(0), binding.container_port.value_or(0)));
    if (const auto& own = items(container.network_interfaces); !own.empty() && out.empty())
      add(std::string(text(own.front().private_ipv4_address)));
  }
  return or_dash(out);
}

std::string instances_text(const ClusterStatus& status, bool colour) {
  std::vector<Row> rows{{"INSTANCE", "STATUS", "AGENT", "TASKS", "CPU FREE", "MEMORY FREE"}};
  for (const ecs::ContainerInstance& i : status.instances)
    rows.push_back(
        {short_id(i.container_instance_arn), or_dash(text(i.status)),
         i.agent_connected.value_or(false) ? "connected" : "away",
         fmt::format("{}", i.running_tasks_count.value_or(0) + i.pending_tasks_count.value_or(0)),
         fmt::format("{} of {}", resource(i.remaining_resources, "CPU"), resource(i.registered_resources, "CPU")),
         fmt::format("{} of {} MiB", resource(i.remaining_resources, "MEMORY"),
                     resource(i.registered_resources, "MEMORY"))});
  return rows.size() == 1 ? "  no container instances\n" : table(rows, colour);
}

std::string services_text(const ClusterStatus& status, bool colour) {
  std::vector<Row> rows{{"SERVICE", "STATUS", "DESIRED", "RUNNING", "PENDING", "DEPLOYMENT", "DEFINITION"}};
  for (const ecs::Service& s : status.services) {
    const auto& deployments = items(s.deployments);
    rows.push_back({or_dash(text(s.service_name)), or_dash(text(s.status)),
                    fmt::format("{}", s.desired_count.value_or(0)), fmt::format("{}", s.running_count.value_or(0)),
                    fmt::format("{}", s.pending_count.value_or(0)),
                    or_dash(deployments.empty() ? "" : text(deployments.front().rollout_state)),
                    or_dash(ecs::short_name(text(s.task_definition)))});
  }
  return rows.size() == 1 ? "" : "\n" + table(rows, colour);
}

std::string tasks_text(const ClusterStatus& status, WallTime now, bool colour) {
  std::vector<Row> rows{{"TASK", "GROUP", "STATUS", "HEALTH", "INSTANCE", "PORTS", "DEFINITION", "AGE"}};
  for (const ecs::Task& t : status.tasks)
    rows.push_back({short_id(t.task_arn), or_dash(text(t.group)), or_dash(text(t.last_status)),
                    or_dash(text(t.health_status)), or_dash(short_id(t.container_instance_arn)), addresses(t),
                    or_dash(ecs::short_name(text(t.task_definition_arn))),
                    age(t.started_at ? t.started_at : t.created_at, now)});
  return rows.size() == 1 ? "" : "\n" + table(rows, colour);
}

}  // namespace

net::Task<Result<std::vector<ClusterStatus>>> gather_status(aws::EcsClient& api, std::string cluster) {
  std::vector<std::string> names;
  if (!cluster.empty()) {
    names.push_back(std::move(cluster));
  } else {
    FL_CO_TRY(names, co_await list_all<ecs::op::ListClusters>(api, {}, &ecs::ListClustersResponse::cluster_arns));
  }
  std::vector<ClusterStatus> out;
  for (size_t i = 0; i < names.size(); i += kTasksACall) {
    FL_CO_TRY(auto described, co_await api.describe_clusters({.clusters = slice(names, i, kTasksACall)}));
    for (const ecs::Failure& failure : items(described.failures))
      co_return fail(Code::not_found, fmt::format("there is no cluster {}", text(failure.arn)));
    for (const ecs::Cluster& one : items(described.clusters)) {
      FL_CO_TRY(auto status, co_await gather_cluster(api, one));
      out.push_back(std::move(status));
    }
  }
  co_return out;
}

std::string status_text(const std::vector<ClusterStatus>& clusters, WallTime now, bool colour) {
  if (clusters.empty()) return "No clusters.\n";
  std::string out;
  for (const ClusterStatus& status : clusters) {
    if (!out.empty()) out += "\n";
    const std::string heading = fmt::format("{} ({})", text(status.cluster.cluster_name), text(status.cluster.status));
    out += colour ? fmt::format("\033[1m{}\033[0m\n", heading) : heading + "\n";
    out += instances_text(status, colour) + services_text(status, colour) + tasks_text(status, now, colour);
  }
  return out;
}

}  // namespace fl::app
