#include "agent/task/spec.h"

#include <fmt/format.h>

#include <algorithm>
#include <set>

#include "base/strings.h"
#include "ecs/arn.h"
#include "ecs/shape.h"

namespace fl::agent::task {
namespace {

using ecs::items;
using ecs::text;

Duration seconds(int64_t n) { return std::chrono::seconds(n); }

// A text of dockerConfig; absent is an empty object.
Result<json::Value> docker_json(const std::optional<std::string>& member, std::string_view what) {
  if (!member || member->empty()) return json::Value(json::Object{});
  auto value = json::parse(*member);
  if (!value) return tl::make_unexpected(std::move(value).error().context(what));
  if (value->if_object() == nullptr) return fail(Code::invalid, fmt::format("{}: expected an object", what));
  return value;
}

Result<Condition> parse_condition(std::string_view text) {
  if (text == "START") return Condition::start;
  if (text == "COMPLETE") return Condition::complete;
  if (text == "SUCCESS") return Condition::success;
  if (text == "HEALTHY") return Condition::healthy;
  return fail(Code::invalid, fmt::format("dependsOn: unknown condition \"{}\"", text));
}

std::optional<int64_t> integer(const json::Value& object, std::string_view key) {
  const json::Value* value = object.find(key);
  if (value == nullptr || value->if_int() == nullptr) return std::nullopt;
  return *value->if_int();
}

std::vector<std::string> strings(const json::Value* list) {
  std::vector<std::string> out;
  if (list == nullptr || list->if_array() == nullptr) return out;
  for (const json::Value& item : *list->if_array())
    if (item.if_string() != nullptr) out.push_back(*item.if_string());
  return out;
}

// Docker's Healthcheck: Test ["CMD", ...] or ["CMD-SHELL", text]; durations in ns. ["NONE"] and absence are none.
Result<std::optional<HealthCheck>> read_health_check(const json::Value& config) {
  const json::Value* object = config.find("Healthcheck");
  if (object == nullptr || object->is_null()) return std::nullopt;
  std::vector<std::string> test = strings(object->find("Test"));
  if (test.empty() || test[0] == "NONE") return std::nullopt;
  HealthCheck check;
  if (test[0] == "CMD-SHELL") {
    if (test.size() != 2) return fail(Code::invalid, "health check: CMD-SHELL takes one command line");
    check.command = {"/bin/sh", "-c", test[1]};
  } else if (test[0] == "CMD") {
    check.command.assign(test.begin() + 1, test.end());
    if (check.command.empty()) return fail(Code::invalid, "health check: CMD without a command");
  } else {
    return fail(Code::invalid, fmt::format("health check: it begins with CMD or CMD-SHELL, not \"{}\"", test[0]));
  }
  if (const auto n = integer(*object, "Interval"); n && *n > 0) check.interval = Duration(*n);
  if (const auto n = integer(*object, "Timeout"); n && *n > 0) check.timeout = Duration(*n);
  if (const auto n = integer(*object, "StartPeriod"); n && *n > 0) check.start_period = Duration(*n);
  if (const auto n = integer(*object, "Retries"); n && *n > 0) check.retries = static_cast<int>(*n);
  return check;
}

RestartPolicy read_restart(const std::optional<ecs::agent::RestartPolicy>& member) {
  RestartPolicy out;
  if (!member) return out;
  out.enabled = member->enabled.value_or(false);
  for (const int32_t code : items(member->ignored_exit_codes)) out.ignored_exit_codes.push_back(code);
  if (member->restart_attempt_period) out.attempt_period = seconds(*member->restart_attempt_period);
  return out;
}

std::optional<size_t> index_of(const TaskSpec& spec, std::string_view name) {
  for (size_t i = 0; i < spec.containers.size(); ++i)
    if (spec.containers[i].name == name) return i;
  return std::nullopt;
}

// dependsOn as written; links and volumesFrom need the other one started (ECS: "implicit dependencies").
Result<> add_dependencies(TaskSpec& spec, ContainerPlan& plan) {
  const auto add = [&](std::string_view name, Condition condition) -> Result<> {
    const auto other = index_of(spec, name);
    if (!other) return fail(Code::invalid, fmt::format("it depends on container \"{}\", which the task has not", name));
    plan.depends_on.push_back({*other, condition});
    return {};
  };
  for (const auto& dependency : items(plan.definition.depends_on)) {
    FL_TRY(const Condition condition, parse_condition(text(dependency.condition)));
    FL_TRY_VOID(add(text(dependency.container_name), condition));
  }
  for (const std::string& link : items(plan.definition.links))
    FL_TRY_VOID(add(std::string_view(link).substr(0, link.find(':')), Condition::start));
  for (const auto& from : items(plan.definition.volumes_from))
    FL_TRY_VOID(add(text(from.source_container), Condition::start));
  return {};
}

bool reaches(const TaskSpec& spec, size_t from, size_t to, std::set<size_t>& seen) {
  for (const Dependency& on : spec.containers[from].depends_on) {
    if (on.container == to) return true;
    if (seen.insert(on.container).second && reaches(spec, on.container, to, seen)) return true;
  }
  return false;
}

Result<> check_cycles(const TaskSpec& spec) {
  for (size_t i = 0; i < spec.containers.size(); ++i) {
    std::set<size_t> seen;
    if (reaches(spec, i, i, seen))
      return fail(Code::invalid, fmt::format("container {} depends on itself", spec.containers[i].name));
  }
  return {};
}

std::string hex_suffix(std::string_view task_id) { return std::string(task_id.substr(0, 20)); }

Result<Volume> read_volume(const ecs::agent::Volume& member, const TaskSpec& spec, const SpecOptions& options) {
  Volume out;
  out.name = text(member.name);
  if (out.name.empty()) return fail(Code::invalid, "a volume without a name");
  const std::string_view type = text(member.type);
  if (type.empty() || type == "host") {
    out.source = member.host ? text(member.host->source_path) : "";
    out.is_task_scoped = out.source.empty();
    if (out.is_task_scoped) out.source = fmt::format("{}/volumes/{}/{}", options.data_directory, spec.id, out.name);
    return out;
  }
  if (type == "docker" && member.docker_volume_configuration) {
    const auto& docker = *member.docker_volume_configuration;
    out.is_engine_volume = true;
    out.is_task_scoped = text(docker.scope) != "shared";
    out.source = out.is_task_scoped
                     ? fmt::format("ecs-{}-{}-{}-{}", spec.family, spec.revision, out.name, hex_suffix(spec.id))
                     : out.name;
    out.is_to_be_made = out.is_task_scoped || docker.autoprovision.value_or(false);
    out.driver = docker.driver.value_or("local");
    if (docker.driver_opts) out.driver_options = *docker.driver_opts;
    if (docker.labels) out.labels = *docker.labels;
    return out;
  }
  return fail(Code::invalid, fmt::format("volume {}: this agent has no volumes of type {}", out.name, type));
}

Result<ContainerPlan> read_plan(const ecs::agent::Container& member, const SpecOptions& options) {
  ContainerPlan plan;
  plan.definition = member;
  plan.name = text(member.name);
  plan.essential = member.essential.value_or(true);
  if (member.start_timeout && *member.start_timeout > 0) plan.start_timeout = seconds(*member.start_timeout);
  plan.stop_timeout =
      member.stop_timeout && *member.stop_timeout > 0 ? seconds(*member.stop_timeout) : options.default_stop_timeout;
  plan.restart = read_restart(member.restart_policy);
  const auto config_text = member.docker_config ? member.docker_config->config : std::nullopt;
  FL_TRY(const json::Value config, docker_json(config_text, "dockerConfig.config"));
  FL_TRY(plan.health_check, read_health_check(config));
  if (const json::Value* labels = config.find("Labels"); labels != nullptr && labels->if_object() != nullptr)
    for (const auto& [key, value] : *labels->if_object())
      if (value.if_string() != nullptr) plan.docker_labels[key] = *value.if_string();
  if (text(member.image).empty()) return fail(Code::invalid, "it has no image");
  if (!items(member.secrets).empty())
    return fail(Code::invalid, "ResourceInitializationError: secrets are not supported by this agent");
  if (!items(member.environment_files).empty())
    return fail(Code::invalid, "ResourceInitializationError: environmentFiles are not supported by this agent");
  return plan;
}

// Of a container, else of the task's first container's HostConfig: how the control plane says it depends on its age.
Result<engine::NetworkMode> read_network_mode(const ecs::agent::Task& task) {
  std::string mode(text(task.network_mode));
  const auto& containers = items(task.containers);
  if (mode.empty() && !containers.empty() && containers[0].docker_config) {
    FL_TRY(const json::Value host, docker_json(containers[0].docker_config->host_config, "dockerConfig.hostConfig"));
    mode = host.string_at("NetworkMode");
  }
  const auto known = engine::parse_network_mode(mode);
  if (!known) return fail(Code::invalid, fmt::format("unknown network mode \"{}\"", mode));
  return *known;
}

// The command of a container's overrides: all that the control plane leaves to the agent.
std::optional<std::vector<std::string>> override_command(const ecs::agent::Container& container) {
  if (text(container.overrides).empty()) return std::nullopt;
  const auto value = json::parse(*container.overrides);
  if (!value || value->find("command") == nullptr) return std::nullopt;
  return strings(value->find("command"));
}

}  // namespace

Result<TaskSpec> make_spec(const ecs::agent::Task& task, const SpecOptions& options) {
  TaskSpec spec;
  spec.definition = task;
  spec.arn = text(task.arn);
  const auto arn = ecs::parse_arn(spec.arn);
  if (!arn || arn->resource_type() != "task")
    return fail(Code::invalid, fmt::format("\"{}\" is no ARN of a task", spec.arn));
  spec.id = arn->name();
  const bool is_plain = std::ranges::all_of(spec.id, [](char c) { return is_alnum(c) || c == '-' || c == '_'; });
  if (spec.id.empty() || !is_plain) return fail(Code::invalid, fmt::format("\"{}\" is no ARN of a task", spec.arn));
  spec.family = text(task.family);
  spec.revision = text(task.version);
  spec.cluster_arn = text(task.task_cluster_arn);
  spec.service_name = text(task.service_name);
  spec.launch_type = text(task.launch_type);
  if (task.role_credentials) spec.credentials_id = text(task.role_credentials->credentials_id);
  FL_TRY(spec.network_mode, read_network_mode(task));
  for (const auto& volume : items(task.volumes)) {
    FL_TRY(Volume read, read_volume(volume, spec, options));
    spec.volumes.push_back(std::move(read));
  }
  for (const auto& container : items(task.containers)) {
    auto plan = read_plan(container, options);
    if (!plan)
      return tl::make_unexpected(std::move(plan).error().context("container " + std::string(text(container.name))));
    if (plan->name.empty() || index_of(spec, plan->name))
      return fail(Code::invalid, fmt::format("container name \"{}\" is empty or comes twice", plan->name));
    spec.containers.push_back(std::move(*plan));
  }
  if (spec.containers.empty()) return fail(Code::invalid, "a task without containers");
  for (ContainerPlan& plan : spec.containers)
    if (auto added = add_dependencies(spec, plan); !added)
      return tl::make_unexpected(std::move(added).error().context("container " + plan.name));
  FL_TRY_VOID(check_cycles(spec));
  return spec;
}

std::string container_name(const TaskSpec& task, std::string_view container, std::string_view name_suffix) {
  return fmt::format("ecs-{}-{}-{}-{}", task.family, task.revision, container, name_suffix);
}

std::map<std::string, std::string> container_labels(const TaskSpec& task, size_t index, const Surroundings& around) {
  const ContainerPlan& plan = task.containers[index];
  std::map<std::string, std::string> out = plan.docker_labels;
  out["com.amazonaws.ecs.cluster"] = around.cluster;
  out["com.amazonaws.ecs.container-name"] = plan.name;
  out["com.amazonaws.ecs.task-arn"] = task.arn;
  out["com.amazonaws.ecs.task-definition-family"] = task.family;
  out["com.amazonaws.ecs.task-definition-version"] = task.revision;
  return out;
}

Result<engine::ContainerSpec> make_container_spec(const TaskSpec& task, size_t index, const Surroundings& around,
                                                  const ContainerTokens& tokens) {
  const ContainerPlan& plan = task.containers[index];
  const ecs::agent::Container& from = plan.definition;
  engine::ContainerSpec out;
  out.name = container_name(task, plan.name, tokens.name_suffix);
  out.task_id = task.id;
  out.image = text(from.image);
  out.entry_point = items(from.entry_point);
  out.command = override_command(from).value_or(items(from.command));
  out.network_mode = task.network_mode;
  out.privileged = from.privileged.value_or(false);
  const auto config_text = from.docker_config ? from.docker_config->config : std::nullopt;
  const auto host_text = from.docker_config ? from.docker_config->host_config : std::nullopt;
  FL_TRY(out.config, docker_json(config_text, "dockerConfig.config"));
  FL_TRY(out.host_config, docker_json(host_text, "dockerConfig.hostConfig"));
  // 0 and 1 would be "no weight at all"; the agent gives 2, the kernel's least.
  if (from.cpu) out.cpu_shares = std::max(*from.cpu, 2);
  if (from.memory) out.memory_bytes = int64_t{*from.memory} << 20;

  if (from.environment) out.environment.assign(from.environment->begin(), from.environment->end());
  const auto inject = [&out](std::string name, std::string value) {
    out.environment.emplace_back(std::move(name), std::move(value));
  };
  const bool has_own_network =
      task.network_mode == engine::NetworkMode::bridge || task.network_mode == engine::NetworkMode::awsvpc;
  const bool is_bridged = has_own_network && !around.bridge_metadata_url.empty();
  if (const std::string& url = is_bridged ? around.bridge_metadata_url : around.metadata_url; !url.empty()) {
    inject("ECS_CONTAINER_METADATA_URI", fmt::format("{}/v3/{}", url, tokens.metadata_id));
    inject("ECS_CONTAINER_METADATA_URI_V4", fmt::format("{}/v4/{}", url, tokens.metadata_id));
    inject("ECS_AGENT_URI", fmt::format("{}/api/{}", url, tokens.metadata_id));
    // The relative form means 169.254.170.2; SDKs take the full one on loopback only.
    const std::string path = "/v2/credentials/" + task.credentials_id;
    if (!task.credentials_id.empty() && is_bridged && around.has_aws_address)
      inject("AWS_CONTAINER_CREDENTIALS_RELATIVE_URI", path);
    else if (!task.credentials_id.empty())
      inject("AWS_CONTAINER_CREDENTIALS_FULL_URI", url + path);
  }
  inject("AWS_EXECUTION_ENV", around.execution_env);

  out.labels = container_labels(task, index, around);
  for (const auto& mapping : items(from.port_mappings)) {
    if (mapping.container_port_range) return fail(Code::invalid, "containerPortRange is not supported by this agent");
    const int32_t container_port = mapping.container_port.value_or(0), host_port = mapping.host_port.value_or(0);
    if (container_port < 1 || container_port > 65535 || host_port < 0 || host_port > 65535)
      return fail(Code::invalid, fmt::format("port mapping {}:{} is out of range", host_port, container_port));
    out.ports.push_back(
        {static_cast<uint16_t>(container_port), static_cast<uint16_t>(host_port), text(mapping.protocol) == "udp"});
  }
  for (const auto& point : items(from.mount_points)) {
    const auto volume = std::ranges::find(task.volumes, text(point.source_volume), &Volume::name);
    if (volume == task.volumes.end())
      return fail(Code::invalid, fmt::format("mount point: the task has no volume \"{}\"", text(point.source_volume)));
    out.mounts.push_back({volume->source, std::string(text(point.container_path)), point.read_only.value_or(false)});
  }
  for (const std::string& link : items(from.links)) {
    const auto parts = split(link, ':');
    out.links.push_back(fmt::format("{}:{}", container_name(task, parts[0], tokens.name_suffix),
                                    parts.size() > 1 ? parts[1] : parts[0]));
  }
  for (const auto& source : items(from.volumes_from))
    out.volumes_from.push_back(container_name(task, text(source.source_container), tokens.name_suffix) +
                               (source.read_only.value_or(false) ? ":ro" : ""));
  return out;
}

}  // namespace fl::agent::task
