#include "ecs/task_definition.h"

#include <fmt/format.h>

#include <algorithm>
#include <charconv>

#include "base/strings.h"
#include "ecs/shape.h"

namespace fl::ecs {
namespace {

// "<number> <unit>" times 1024, or a bare number.
std::optional<int64_t> parse_size(std::string_view text, std::string_view unit) {
  text = trim(text);
  const bool has_unit = text.size() > unit.size() && iequals(text.substr(text.size() - unit.size()), unit);
  if (!has_unit) {
    const auto number = parse_int(text);
    return number && *number > 0 ? number : std::nullopt;
  }
  text = trim(text.substr(0, text.size() - unit.size()));
  double number = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), number, std::chars_format::fixed);
  if (error != std::errc{} || end != text.data() + text.size() || !(number > 0) || number > 1e6) return std::nullopt;
  return static_cast<int64_t>(number * 1024);
}

template <class T>
void fill(std::optional<T>& member, T value) {
  if (!member) member = std::move(value);
}

void complete(PortMapping& port, std::string_view network_mode) {
  fill(port.protocol, std::string("tcp"));
  if (port.container_port_range) return;
  if (network_mode == "awsvpc" || network_mode == "host") {
    if (port.host_port.value_or(0) == 0) port.host_port = port.container_port;
  } else {
    fill(port.host_port, 0);
  }
}

void complete(ContainerDefinition& container, std::string_view network_mode) {
  fill(container.cpu, 0);
  fill(container.essential, true);
  fill(container.environment, {});
  fill(container.mount_points, {});
  fill(container.volumes_from, {});
  fill(container.port_mappings, {});
  fill(container.system_controls, {});
  for (PortMapping& port : *container.port_mappings) complete(port, network_mode);
  if (auto& check = container.health_check) {
    fill(check->interval, 30);
    fill(check->timeout, 5);
    fill(check->retries, 3);
  }
}

void complete(Volume& volume) {
  const bool is_other = volume.docker_volume_configuration || volume.efs_volume_configuration ||
                        volume.fsx_windows_file_server_volume_configuration || volume.configured_at_launch;
  if (!is_other) fill(volume.host, {});
  if (auto& docker = volume.docker_volume_configuration) {
    fill(docker->scope, std::string("task"));
    if (docker->scope == "shared") fill(docker->autoprovision, false);
  }
}

}  // namespace

std::optional<int64_t> parse_cpu_units(std::string_view text) { return parse_size(text, "vcpu"); }
std::optional<int64_t> parse_memory_mib(std::string_view text) { return parse_size(text, "gb"); }

bool is_family_name(std::string_view text) {
  return !text.empty() && text.size() <= 255 &&
         std::ranges::all_of(text, [](char c) { return is_alnum(c) || c == '-' || c == '_'; });
}

Result<TaskDefinition> make_task_definition(RegisterTaskDefinitionRequest request, bool strict) {
  TaskDefinition out;
  out.container_definitions = std::move(request.container_definitions);
  out.family = std::move(request.family);
  out.task_role_arn = std::move(request.task_role_arn);
  out.execution_role_arn = std::move(request.execution_role_arn);
  out.network_mode = std::move(request.network_mode);
  out.volumes = std::move(request.volumes);
  out.placement_constraints = std::move(request.placement_constraints);
  out.requires_compatibilities = std::move(request.requires_compatibilities);
  out.cpu = std::move(request.cpu);
  out.memory = std::move(request.memory);
  out.pid_mode = std::move(request.pid_mode);
  out.ipc_mode = std::move(request.ipc_mode);
  out.proxy_configuration = std::move(request.proxy_configuration);
  out.inference_accelerators = std::move(request.inference_accelerators);
  out.ephemeral_storage = std::move(request.ephemeral_storage);
  out.runtime_platform = std::move(request.runtime_platform);
  out.enable_fault_injection = request.enable_fault_injection;

  const auto normalise = [](std::optional<std::string>& size, auto parse) {
    if (const auto number = size ? parse(*size) : std::nullopt) size = std::to_string(*number);
  };
  normalise(out.cpu, parse_cpu_units);
  normalise(out.memory, parse_memory_mib);
  fill(out.network_mode, std::string("bridge"));
  fill(out.volumes, {});
  fill(out.placement_constraints, {});
  fill(out.container_definitions, {});
  for (ContainerDefinition& container : *out.container_definitions) complete(container, *out.network_mode);
  for (Volume& volume : *out.volumes) complete(volume);

  FL_TRY_VOID(check_task_definition(out, strict));
  out.requires_attributes = required_attributes(out);
  out.compatibilities = compatibilities(out);
  return out;
}

std::vector<Attribute> required_attributes(const TaskDefinition& definition) {
  std::vector<std::string> names;
  const auto need = [&names](std::string name) {
    if (std::ranges::find(names, name) == names.end()) names.push_back(std::move(name));
  };
  const auto need_api = [&need](std::string_view version) {
    need(fmt::format("com.amazonaws.ecs.capability.docker-remote-api.{}", version));
  };
  const bool has_execution_role = !text(definition.execution_role_arn).empty();
  for (const ContainerDefinition& container : items(definition.container_definitions)) {
    if (const auto& log = container.log_configuration) {
      need(fmt::format("com.amazonaws.ecs.capability.logging-driver.{}", text(log->log_driver)));
      if (log->log_driver == "awslogs" && has_execution_role) need("ecs.capability.execution-role-awslogs");
      if (log->log_driver == "awslogs") need_api("1.19");
      for (const Secret& secret : items(log->secret_options))
        need(text(secret.value_from).find(":secretsmanager:") != std::string_view::npos
                 ? "ecs.capability.secrets.asm.bootstrap.log-driver"
                 : "ecs.capability.secrets.ssm.bootstrap.log-driver");
    }
    if (text(container.image).find(".dkr.ecr.") != std::string_view::npos) {
      need("com.amazonaws.ecs.capability.ecr-auth");
      if (has_execution_role) need("ecs.capability.execution-role-ecr-pull");
    }
    if (container.memory_reservation) need_api("1.21");
    if (container.privileged.value_or(false)) need("com.amazonaws.ecs.capability.privileged-container");
    if (container.health_check) need("ecs.capability.container-health-check");
    if (!items(container.depends_on).empty()) need("ecs.capability.container-ordering");
    if (container.restart_policy && container.restart_policy->enabled.value_or(false))
      need("ecs.capability.container-restart-policy");
    for (const Secret& secret : items(container.secrets))
      need(text(secret.value_from).find(":secretsmanager:") != std::string_view::npos
               ? "ecs.capability.secrets.asm.environment-variables"
               : "ecs.capability.secrets.ssm.environment-variables");
    if (!items(container.environment_files).empty()) need("ecs.capability.env-files.s3");
    if (container.repository_credentials) need("ecs.capability.private-registry-authentication.secretsmanager");
    if (container.firelens_configuration)
      need(fmt::format("ecs.capability.firelens.{}", text(container.firelens_configuration->type)));
    for (const PortMapping& port : items(container.port_mappings))
      if (port.container_port_range) need("ecs.capability.network.container-port-range");
    for (const std::string& option : items(container.docker_security_options)) {
      if (option.starts_with("apparmor")) need("com.amazonaws.ecs.capability.apparmor");
      if (option.starts_with("label")) need("com.amazonaws.ecs.capability.selinux");
    }
    if (const auto& linux = container.linux_parameters) {
      if (linux->init_process_enabled.value_or(false)) need_api("1.25");
      if (linux->shared_memory_size || !items(linux->tmpfs).empty()) need_api("1.22");
    }
  }
  for (const Volume& volume : items(definition.volumes)) {
    if (volume.efs_volume_configuration) need("ecs.capability.efs");
    const auto& docker = volume.docker_volume_configuration;
    if (docker && docker->driver) need(fmt::format("ecs.capability.docker-plugin.{}", *docker->driver));
  }
  if (!text(definition.task_role_arn).empty()) {
    need("com.amazonaws.ecs.capability.task-iam-role");
    need_api("1.17");
  }
  if (definition.network_mode == "awsvpc") {
    need_api("1.18");
    need("ecs.capability.task-eni");
  }
  if (definition.pid_mode || definition.ipc_mode) need("ecs.capability.pid-ipc-namespace-sharing");

  std::vector<Attribute> out;
  for (std::string& name : names) out.push_back({.name = std::move(name)});
  return out;
}

std::vector<std::string> compatibilities(const TaskDefinition& definition) {
  std::vector<std::string> out;
  const bool has_efs = std::ranges::any_of(items(definition.volumes),
                                           [](const Volume& v) { return v.efs_volume_configuration.has_value(); });
  if (definition.network_mode != "awsvpc" && !has_efs) out.emplace_back("EXTERNAL");
  out.emplace_back("EC2");
  if (check_fargate(definition)) out.emplace_back("FARGATE");
  // What was asked for and accepted although AWS would not.
  for (const std::string& asked : items(definition.requires_compatibilities))
    if (std::ranges::find(out, asked) == out.end()) out.push_back(asked);
  return out;
}

}  // namespace fl::ecs
