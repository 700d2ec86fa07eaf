#include <fmt/format.h>

#include <algorithm>
#include <functional>
#include <map>
#include <set>

#include "base/strings.h"
#include "ecs/shape.h"
#include "ecs/task_definition.h"

namespace fl::ecs {
namespace {

constexpr size_t kMaxContainers = 10;
constexpr int32_t kLeastMemory = 6;  // MiB of a container

template <class... Args>
tl::unexpected<Error> refuse(fmt::format_string<Args...> format, Args&&... args) {
  return fail(Code::invalid, fmt::format(format, std::forward<Args>(args)...));
}

bool is_between(const std::optional<int32_t>& n, int32_t least, int32_t most) {
  return !n || (*n >= least && *n <= most);
}

bool wants(const TaskDefinition& definition, std::string_view launch_type) {
  const auto& types = items(definition.requires_compatibilities);
  return std::ranges::find(types, launch_type) != types.end();
}

const ContainerDefinition* find_container(const TaskDefinition& definition, std::string_view name) {
  const auto& containers = *definition.container_definitions;
  const auto found = std::ranges::find_if(containers, [&](const auto& c) { return text(c.name) == name; });
  return found == containers.end() ? nullptr : &*found;
}

Result<> check_names(const TaskDefinition& definition) {
  const auto& containers = *definition.container_definitions;
  if (containers.empty()) return refuse("Container list cannot be empty.");
  if (containers.size() > kMaxContainers) return refuse("A task definition has at most {} containers.", kMaxContainers);
  std::set<std::string_view> names;
  bool has_essential = false;
  for (const ContainerDefinition& container : containers) {
    if (text(container.name).empty()) return refuse("Container.name should not be null or empty.");
    if (!is_family_name(*container.name)) return refuse("Container.name contains invalid characters.");
    if (text(container.image).empty()) return refuse("Container.image should not be null or empty.");
    if (!names.insert(*container.name).second)
      return refuse("Container.name '{}' is used more than once.", *container.name);
    has_essential |= *container.essential;
  }
  if (!has_essential) return refuse("At least one container must be essential.");
  return {};
}

tl::unexpected<Error> refuse_task_size(std::string_view name) {
  return refuse(
      "Invalid '{}' setting for task. For more information, see the Troubleshooting section of the Amazon ECS "
      "Developer "
      "Guide.",
      name);
}

Result<> take_task_size(std::optional<std::string>& size, std::string_view name,
                        std::optional<int64_t> (*parse)(std::string_view)) {
  if (!size) return {};
  const auto number = parse(*size);
  if (!number || *number <= 0) return refuse_task_size(name);
  size = std::to_string(*number);
  return {};
}

Result<> check_sizes(const TaskDefinition& definition, bool strict) {
  const auto task_cpu = definition.cpu ? parse_cpu_units(*definition.cpu) : std::nullopt;
  if (definition.cpu && (!task_cpu || (strict && *task_cpu < 128))) return refuse_task_size("cpu");
  const auto task_memory = definition.memory ? parse_memory_mib(*definition.memory) : std::nullopt;
  if (definition.memory && !task_memory) return refuse_task_size("memory");
  int64_t cpu = 0, memory = 0;
  for (const ContainerDefinition& container : *definition.container_definitions) {
    const std::string& name = *container.name;
    FL_TRY_VOID(check_container_sizes(name, container.cpu, container.memory, container.memory_reservation));
    if (!task_memory && !container.memory && !container.memory_reservation)
      return refuse(
          "Invalid setting for container '{}'. At least one of 'memory' or 'memoryReservation' must be "
          "specified.",
          name);
    if (container.memory && container.memory_reservation && *container.memory_reservation > *container.memory)
      return refuse("Invalid setting for container '{}'. 'memoryReservation' must not be greater than 'memory'.", name);
    cpu += *container.cpu;
    memory += container.memory_reservation.value_or(container.memory.value_or(0));
    if (task_memory && container.memory.value_or(0) > *task_memory)
      return refuse("The 'memory' value of container '{}' cannot be greater than the value of the task 'memory'.",
                    name);
  }
  if (task_cpu && cpu > *task_cpu)
    return refuse("The sum of all container 'cpu' values cannot be greater than the value of the task 'cpu'.");
  if (task_memory && memory > *task_memory)
    return refuse("The sum of all container 'memory' values cannot be greater than the value of the task 'memory'.");
  return {};
}

// "8000-8010".
bool is_port_range(std::string_view text) {
  const size_t dash = text.find('-');
  const auto first = parse_uint(text.substr(0, dash));
  const auto last = dash == text.npos ? std::nullopt : parse_uint(text.substr(dash + 1));
  return first && last && *first >= 1 && *first <= *last && *last <= 65535;
}

Result<> check_ports(const TaskDefinition& definition, const ContainerDefinition& container) {
  const std::string& mode = *definition.network_mode;
  const auto& ports = items(container.port_mappings);
  if (mode == "none" && !ports.empty()) return refuse("Port mappings are not supported when networkMode=none.");
  for (const PortMapping& port : ports) {
    if (port.container_port_range) {
      if (port.container_port || port.host_port)
        return refuse("A port mapping with 'containerPortRange' has neither 'containerPort' nor 'hostPort'.");
      if (mode == "host") return refuse("'containerPortRange' is not supported when networkMode=host.");
      if (!is_port_range(*port.container_port_range))
        return refuse("Invalid 'containerPortRange' '{}'; it is written 8000-8010.", *port.container_port_range);
      continue;
    }
    if (!port.container_port)
      return refuse("A port mapping of container '{}' has no 'containerPort'.", *container.name);
    if (*port.container_port < 1 || *port.container_port > 65535 || !is_between(port.host_port, 0, 65535))
      return refuse("Invalid port mapping of container '{}': ports are 1 to 65535.", *container.name);
    if ((mode == "awsvpc" || mode == "host") && port.host_port != port.container_port)
      return refuse("When networkMode={}, the host ports and container ports in port mappings must match.", mode);
    if (port.app_protocol && !port.name)
      return refuse("A port mapping of container '{}' with 'appProtocol' needs a 'name'.", *container.name);
  }
  if (mode != "bridge" && !items(container.links).empty())
    return refuse("Links are not supported when networkMode={}.", mode);
  if (mode == "awsvpc" && container.hostname)
    return refuse("hostname is not supported on container when networkMode=awsvpc.");
  for (const std::string& link : items(container.links))
    if (find_container(definition, std::string_view(link).substr(0, link.find(':'))) == nullptr)
      return refuse("Container '{}' links to '{}', which is not in the task definition.", *container.name, link);
  return {};
}

Result<> check_health(const ContainerDefinition& container) {
  if (!container.health_check) return {};
  const HealthCheck& check = *container.health_check;
  const auto& command = items(check.command);
  if (command.empty() || (command[0] != "CMD" && command[0] != "CMD-SHELL" && command[0] != "NONE"))
    return refuse("The health check command of container '{}' must begin with CMD or CMD-SHELL.", *container.name);
  struct Bound {
    std::string_view name;
    std::optional<int32_t> value;
    int32_t least, most;
  };
  for (const Bound& bound : {Bound{"interval", check.interval, 5, 300}, Bound{"timeout", check.timeout, 2, 60},
                             Bound{"retries", check.retries, 1, 10}, Bound{"startPeriod", check.start_period, 0, 300}})
    if (!is_between(bound.value, bound.least, bound.most))
      return refuse("Health check '{}' of container '{}' must be between {} and {}.", bound.name, *container.name,
                    bound.least, bound.most);
  return {};
}

Result<> check_logging(const TaskDefinition& definition, const ContainerDefinition& container) {
  if (!container.log_configuration || container.log_configuration->log_driver != "awslogs") return {};
  static const std::map<std::string, std::string> none;
  const auto& options = container.log_configuration->options ? *container.log_configuration->options : none;
  const bool needs_prefix = wants(definition, "FARGATE");
  if (!options.contains("awslogs-region") || !options.contains("awslogs-group") ||
      (needs_prefix && !options.contains("awslogs-stream-prefix")))
    return refuse("Log driver awslogs requires options: awslogs-region, awslogs-group{}",
                  needs_prefix ? ", awslogs-stream-prefix" : "");
  return {};
}

Result<> check_volumes(const TaskDefinition& definition) {
  std::set<std::string_view> names;
  for (const Volume& volume : items(definition.volumes)) {
    if (text(volume.name).empty()) return refuse("Volume.name should not be null or empty.");
    if (!names.insert(*volume.name).second) return refuse("Volume.name '{}' is used more than once.", *volume.name);
    const auto& docker = volume.docker_volume_configuration;
    const int kinds = volume.host.has_value() + docker.has_value() + volume.efs_volume_configuration.has_value() +
                      volume.fsx_windows_file_server_volume_configuration.has_value() +
                      volume.configured_at_launch.value_or(false);
    if (kinds > 1) return refuse("Volume '{}' must have one configuration only.", *volume.name);
    if (docker && docker->autoprovision.value_or(false) && docker->scope != "shared")
      return refuse("Volume '{}': 'autoprovision' needs scope shared.", *volume.name);
  }
  for (const ContainerDefinition& container : *definition.container_definitions) {
    for (const MountPoint& mount : items(container.mount_points)) {
      if (!names.contains(text(mount.source_volume))) return refuse("Unknown volume '{}'.", text(mount.source_volume));
      if (text(mount.container_path).empty())
        return refuse("A mount point of container '{}' has no 'containerPath'.", *container.name);
    }
    for (const VolumeFrom& from : items(container.volumes_from))
      if (text(from.source_container) == *container.name ||
          find_container(definition, text(from.source_container)) == nullptr)
        return refuse("Container '{}' takes volumes from '{}', which is not in the task definition.", *container.name,
                      text(from.source_container));
  }
  return {};
}

Result<> check_dependencies(const TaskDefinition& definition) {
  std::map<std::string_view, std::vector<std::string_view>> waits_for;
  for (const ContainerDefinition& container : *definition.container_definitions)
    for (const ContainerDependency& dependency : items(container.depends_on)) {
      const std::string_view name = text(dependency.container_name), condition = text(dependency.condition);
      const ContainerDefinition* other = find_container(definition, name);
      if (other == nullptr)
        return refuse("Container '{}' depends on '{}', which is not in the task definition.", *container.name, name);
      if ((condition == "SUCCESS" || condition == "COMPLETE") && *other->essential)
        return refuse("A dependency container with SUCCESS or COMPLETE condition cannot be an essential container");
      if (condition == "HEALTHY" && !other->health_check)
        return refuse("Container '{}' waits for '{}' to be HEALTHY, which has no health check.", *container.name, name);
      waits_for[*container.name].push_back(name);
    }
  // Depth-first: a container that is met again on the way to itself closes a circle.
  std::set<std::string_view> done;
  std::vector<std::string_view> way;
  const std::function<bool(std::string_view)> is_circular = [&](std::string_view name) {
    if (std::ranges::find(way, name) != way.end()) return true;
    if (!done.insert(name).second) return false;
    way.push_back(name);
    const bool circular = std::ranges::any_of(waits_for[name], is_circular);
    way.pop_back();
    return circular;
  };
  for (const ContainerDefinition& container : *definition.container_definitions)
    if (is_circular(*container.name)) return refuse("The dependencies of containers must not form a circle.");
  return {};
}

Result<> check_container(const TaskDefinition& definition, const ContainerDefinition& container) {
  FL_TRY_VOID(check_ports(definition, container));
  FL_TRY_VOID(check_health(container));
  FL_TRY_VOID(check_logging(definition, container));
  if (!is_between(container.start_timeout, 0, INT32_MAX) || !is_between(container.stop_timeout, 0, INT32_MAX))
    return refuse("Timeouts of container '{}' must not be negative.", *container.name);
  if (const auto& policy = container.restart_policy) {
    if (!is_between(policy->restart_attempt_period, 60, 1800))
      return refuse("'restartAttemptPeriod' of container '{}' must be between 60 and 1800.", *container.name);
    if (items(policy->ignored_exit_codes).size() > 50)
      return refuse("'ignoredExitCodes' of container '{}' has at most 50 elements.", *container.name);
  }
  for (const KeyValuePair& variable : items(container.environment))
    if (text(variable.name).empty())
      return refuse("An environment variable of container '{}' has no name.", *container.name);
  for (const Ulimit& limit : items(container.ulimits))
    if (limit.soft_limit.value_or(0) > limit.hard_limit.value_or(0) && limit.hard_limit != -1)
      return refuse("Ulimit '{}' of container '{}' is softer than hard.", text(limit.name), *container.name);
  return {};
}

// Source: Task CPU and memory, ECS developer guide.
bool is_fargate_size(int64_t cpu, int64_t memory) {
  constexpr int64_t kGiB = 1024;
  struct Row {
    int64_t cpu, least, most, step;
  };
  constexpr Row kRows[] = {
      {512, 1 * kGiB, 4 * kGiB, kGiB},        {1024, 2 * kGiB, 8 * kGiB, kGiB},
      {2048, 4 * kGiB, 16 * kGiB, kGiB},      {4096, 8 * kGiB, 30 * kGiB, kGiB},
      {8192, 16 * kGiB, 60 * kGiB, 4 * kGiB}, {16384, 32 * kGiB, 120 * kGiB, 8 * kGiB},
  };
  if (cpu == 256) return memory == 512 || memory == 1024 || memory == 2048;
  const auto row = std::ranges::find(kRows, cpu, &Row::cpu);
  return row != std::end(kRows) && memory >= row->least && memory <= row->most &&
         (memory - row->least) % row->step == 0;
}

}  // namespace

Result<> take_task_sizes(TaskOverride& overrides) {
  FL_TRY_VOID(take_task_size(overrides.cpu, "cpu", parse_cpu_units));
  return take_task_size(overrides.memory, "memory", parse_memory_mib);
}

Result<> check_container_sizes(std::string_view name, std::optional<int32_t> cpu, std::optional<int32_t> memory,
                               std::optional<int32_t> memory_reservation) {
  if (cpu.value_or(0) < 0) return refuse("Invalid 'cpu' setting for container '{}'.", name);
  for (const auto& size : {memory, memory_reservation})
    if (size && *size < kLeastMemory)
      return refuse("Invalid setting for container '{}'. A container needs at least {} MiB of memory.", name,
                    kLeastMemory);
  return {};
}

Result<> check_fargate(const TaskDefinition& definition) {
  if (definition.network_mode != "awsvpc") return refuse("Fargate only supports network mode 'awsvpc'.");
  if (!definition.cpu) return refuse("Fargate requires that 'cpu' be defined at the task level.");
  if (!definition.memory) return refuse("Fargate requires that 'memory' be defined at the task level.");
  const auto cpu = parse_cpu_units(*definition.cpu), memory = parse_memory_mib(*definition.memory);
  if (!cpu || !memory || !is_fargate_size(*cpu, *memory))
    return refuse(
        "No Fargate configuration exists for given values: {} CPU, {} memory. See the Amazon ECS "
        "documentation for the valid values.",
        *definition.cpu, *definition.memory);
  const bool has_role = !text(definition.execution_role_arn).empty();
  for (const Volume& volume : items(definition.volumes)) {
    if (volume.host && volume.host->source_path)
      return refuse("Fargate compatible task definitions do not support sourcePath");
    if (volume.docker_volume_configuration)
      return refuse("Fargate compatible task definitions do not support docker volumes.");
  }
  for (const ContainerDefinition& container : *definition.container_definitions) {
    if (container.privileged.value_or(false))
      return refuse("Fargate compatible task definitions do not support privileged containers.");
    if (!is_between(container.start_timeout, 2, 120) || !is_between(container.stop_timeout, 2, 120))
      return refuse("Timeouts of container '{}' must be between 2 and 120 seconds on Fargate.", *container.name);
    if (const auto& log = container.log_configuration) {
      const std::string_view driver = text(log->log_driver);
      if (driver != "awslogs" && driver != "splunk" && driver != "awsfirelens")
        return refuse("Fargate compatible task definitions do not support log driver {}.", driver);
      if (driver == "awslogs" && !has_role)
        return refuse("Fargate requires task definition to have execution role ARN to support log driver awslogs.");
    }
    if (!has_role && text(container.image).find(".dkr.ecr.") != std::string_view::npos)
      return refuse("Fargate requires task definition to have execution role ARN to support ECR images.");
    if (!has_role && !items(container.secrets).empty())
      return refuse("When you are specifying container secrets, you must also specify a value for 'executionRoleArn'.");
  }
  if (!items(definition.placement_constraints).empty())
    return refuse("Fargate compatible task definitions do not support placement constraints.");
  return {};
}

Result<> check_task_definition(const TaskDefinition& definition, bool strict) {
  if (text(definition.family).empty()) return refuse("Family should not be null or empty.");
  if (!is_family_name(*definition.family)) return refuse("Family contains invalid characters.");
  FL_TRY_VOID(check_names(definition));
  FL_TRY_VOID(check_sizes(definition, strict));
  for (const ContainerDefinition& container : *definition.container_definitions)
    FL_TRY_VOID(check_container(definition, container));
  FL_TRY_VOID(check_volumes(definition));
  FL_TRY_VOID(check_dependencies(definition));
  if (items(definition.placement_constraints).size() > 10)
    return refuse("A task definition has at most 10 placement constraints.");
  if (wants(definition, "FARGATE")) FL_TRY_VOID(check_fargate(definition));
  if (strict && wants(definition, "EXTERNAL")) {
    if (definition.network_mode == "awsvpc")
      return refuse("External instances only support network modes 'bridge', 'host' and 'none'.");
    for (const Volume& volume : items(definition.volumes))
      if (volume.efs_volume_configuration) return refuse("External instances do not support EFS volumes.");
  }
  return {};
}

}  // namespace fl::ecs
