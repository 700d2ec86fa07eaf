#include "control/agents/payload.h"

#include <algorithm>

#include "base/strings.h"
#include "control/agents/docker_config.h"

namespace fl::control::agents {
namespace {

namespace agent = ecs::agent;

// Most members of a definition have a twin of the same name in the protocol.
template <class To, class From, class Copy>
std::optional<std::vector<To>> each(const std::optional<std::vector<From>>& list, Copy copy) {
  if (!list) return std::nullopt;
  std::vector<To> out;
  for (const From& item : *list) out.push_back(copy(item));
  return out;
}

agent::Secret to_secret(const ecs::Secret& secret, const state::Scope& scope, bool is_log_option) {
  const auto from = ecs::text(secret.value_from);
  agent::Secret out{.name = secret.name,
                    .value_from = secret.value_from,
                    .provider = from.starts_with("arn:aws:secretsmanager:") ? "asm" : "ssm",
                    .region = scope.region};
  if (is_log_option) out.target = "LOG_DRIVER";
  return out;
}

// Where the image's registry wants to know who asks: a secret that is named, or ECR by its host name,
// ACCOUNT.dkr.ecr.REGION.amazonaws.com.
std::optional<agent::RegistryAuthentication> registry_of(const ecs::ContainerDefinition& container,
                                                         const state::Scope& scope) {
  if (container.repository_credentials)
    return agent::RegistryAuthentication{
        .type = "asm",
        .asm_auth_data = agent::AsmAuthData{
            .credentials_parameter = container.repository_credentials->credentials_parameter, .region = scope.region}};
  const auto image = ecs::text(container.image);
  const auto parts = split(image.substr(0, image.find('/')), '.');
  if (parts.size() >= 6 && parts[1] == "dkr" && parts[2] == "ecr" && parts[4] == "amazonaws")
    return agent::RegistryAuthentication{
        .type = "ecr",
        .ecr_auth_data = agent::EcrAuthData{
            .region = std::string(parts[3]), .registry_id = std::string(parts[0]), .use_execution_role = true}};
  return std::nullopt;
}

const ecs::ContainerOverride* find_override(const state::Task& task, const std::optional<std::string>& name) {
  if (!task.shape.overrides) return nullptr;
  for (const ecs::ContainerOverride& one : ecs::items(task.shape.overrides->container_overrides))
    if (one.name == name) return &one;
  return nullptr;
}

std::optional<std::string> container_arn(const state::Task& task, const std::optional<std::string>& name) {
  for (const ecs::Container& container : *task.shape.containers)
    if (container.name == name) return container.container_arn;
  return std::nullopt;
}

std::map<std::string, std::string> environment_of(const ecs::ContainerDefinition& container,
                                                  const ecs::ContainerOverride* override_) {
  std::map<std::string, std::string> out;
  const auto add = [&out](const std::optional<std::vector<ecs::KeyValuePair>>& list) {
    for (const ecs::KeyValuePair& pair : ecs::items(list)) out[pair.name.value_or("")] = pair.value.value_or("");
  };
  add(container.environment);
  if (override_ != nullptr) add(override_->environment);
  return out;
}

agent::Container to_container(const state::Scope& scope, const state::Task& task, const ecs::ContainerDefinition& from,
                              const std::string& network_mode) {
  const ecs::ContainerOverride* override_ = find_override(task, from.name);
  const auto pick = [override_](auto member, const auto& own) {
    return override_ != nullptr && override_->*member ? override_->*member : own;
  };
  agent::Container out;
  out.name = from.name;
  out.container_arn = container_arn(task, from.name);
  out.image = from.image;
  out.cpu = pick(&ecs::ContainerOverride::cpu, from.cpu).value_or(0);
  out.memory = pick(&ecs::ContainerOverride::memory, from.memory).value_or(0);
  out.essential = from.essential.value_or(true);
  out.command = pick(&ecs::ContainerOverride::command, from.command);
  out.entry_point = from.entry_point;
  out.environment = environment_of(from, override_);
  out.environment_files = each<agent::EnvironmentFile>(
      pick(&ecs::ContainerOverride::environment_files, from.environment_files),
      [](const ecs::EnvironmentFile& f) { return agent::EnvironmentFile{.type = f.type, .value = f.value}; });
  out.secrets = each<agent::Secret>(from.secrets, [&](const ecs::Secret& s) { return to_secret(s, scope, false); });
  if (from.log_configuration)
    for (const ecs::Secret& secret : ecs::items(from.log_configuration->secret_options)) {
      if (!out.secrets) out.secrets.emplace();
      out.secrets->push_back(to_secret(secret, scope, true));
    }
  out.port_mappings = each<agent::PortMapping>(from.port_mappings, [](const ecs::PortMapping& m) {
    return agent::PortMapping{.container_port = m.container_port,
                              .container_port_range = m.container_port_range,
                              .host_port = m.host_port.value_or(0),
                              .protocol = m.protocol.value_or("tcp"),
                              .name = m.name,
                              .app_protocol = m.app_protocol};
  });
  out.mount_points = each<agent::MountPoint>(from.mount_points, [](const ecs::MountPoint& m) {
    return agent::MountPoint{
        .source_volume = m.source_volume, .container_path = m.container_path, .read_only = m.read_only.value_or(false)};
  });
  out.volumes_from = each<agent::VolumeFrom>(from.volumes_from, [](const ecs::VolumeFrom& v) {
    return agent::VolumeFrom{.source_container = v.source_container, .read_only = v.read_only.value_or(false)};
  });
  out.links = from.links;
  out.depends_on = each<agent::ContainerDependency>(from.depends_on, [](const ecs::ContainerDependency& d) {
    return agent::ContainerDependency{.container_name = d.container_name, .condition = d.condition};
  });
  out.start_timeout = from.start_timeout;
  out.stop_timeout = from.stop_timeout;
  if (from.restart_policy)
    out.restart_policy = agent::RestartPolicy{.enabled = from.restart_policy->enabled,
                                              .ignored_exit_codes = from.restart_policy->ignored_exit_codes,
                                              .restart_attempt_period = from.restart_policy->restart_attempt_period};
  if (from.health_check) out.health_check_type = "docker";
  out.registry_authentication = registry_of(from, scope);
  if (from.log_configuration && from.log_configuration->log_driver == "awslogs")
    out.logs_auth_strategy = "EXECUTION_ROLE";
  if (task.execution_credentials_id.empty()) out.logs_auth_strategy.reset();
  out.privileged = from.privileged;
  out.docker_config = make_docker_config(from, network_mode);
  out.overrides = "{}";  // they are in what stands above
  return out;
}

agent::Volume to_volume(const ecs::Volume& from) {
  agent::Volume out{.name = from.name};
  if (from.docker_volume_configuration) {
    const ecs::DockerVolumeConfiguration& docker = *from.docker_volume_configuration;
    out.type = "docker";
    out.docker_volume_configuration = agent::DockerVolumeConfiguration{.scope = docker.scope.value_or("task"),
                                                                       .autoprovision = docker.autoprovision,
                                                                       .driver = docker.driver.value_or("local"),
                                                                       .driver_opts = docker.driver_opts,
                                                                       .labels = docker.labels};
  } else {
    out.type = from.efs_volume_configuration ? "efs" : "host";
    out.host = agent::HostVolume{.source_path = from.host ? from.host->source_path : std::nullopt};
  }
  return out;
}

}  // namespace

std::string task_role_of(const state::Task& task, const ecs::TaskDefinition& definition) {
  const auto& own = task.shape.overrides ? task.shape.overrides->task_role_arn : std::nullopt;
  return own ? *own : definition.task_role_arn.value_or("");
}
std::string execution_role_of(const state::Task& task, const ecs::TaskDefinition& definition) {
  const auto& own = task.shape.overrides ? task.shape.overrides->execution_role_arn : std::nullopt;
  return own ? *own : definition.execution_role_arn.value_or("");
}

agent::Task make_payload(const state::Scope& scope, const state::Task& task, const ecs::TaskDefinition& definition,
                         TaskCredentials credentials) {
  const std::string network_mode = definition.network_mode.value_or("bridge");
  agent::Task out;
  out.arn = task.shape.task_arn;
  out.desired_status = task.shape.desired_status;
  out.family = task.family;
  out.version = std::to_string(task.revision);
  out.task_cluster_arn = task.shape.cluster_arn;
  out.task_definition_account_id = scope.account;
  if (!task.service.empty()) out.service_name = task.service;
  out.group = task.shape.group;
  out.launch_type = task.shape.launch_type;
  out.network_mode = network_mode;
  out.pid_mode = definition.pid_mode;
  out.ipc_mode = definition.ipc_mode;
  const auto override_or = [](const std::optional<std::string>& one, const std::optional<std::string>& other) {
    return parse_int(one ? *one : other.value_or(""));
  };
  const ecs::TaskOverride none;
  const ecs::TaskOverride& overrides = task.shape.overrides ? *task.shape.overrides : none;
  if (const auto cpu = override_or(overrides.cpu, definition.cpu)) out.cpu = static_cast<double>(*cpu) / 1024;
  if (const auto memory = override_or(overrides.memory, definition.memory)) out.memory = static_cast<int32_t>(*memory);
  out.overrides = "{}";
  out.containers.emplace();
  for (const ecs::ContainerDefinition& container : *definition.container_definitions)
    out.containers->push_back(to_container(scope, task, container, network_mode));
  out.volumes = each<agent::Volume>(definition.volumes, to_volume);
  out.role_credentials = std::move(credentials.task);
  out.execution_role_credentials = std::move(credentials.execution);
  return out;
}

}  // namespace fl::control::agents
