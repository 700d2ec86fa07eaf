// A task as the agent runs it: the payload's Task, checked and completed. Immutable once made; pure.
#pragma once

#include <map>
#include <optional>
#include <string>
#include <vector>

#include "agent/engine/engine.h"
#include "base/result.h"
#include "base/time.h"
#include "ecs/agent_protocol.h"

namespace fl::agent::task {

enum class Condition : uint8_t { start, complete, success, healthy };

struct Dependency {
  size_t container;  // index
  Condition condition;
};

// ECS defaults; the durations' ranges are the control plane's to check.
struct HealthCheck {
  std::vector<std::string> command;  // to exec; CMD-SHELL is ["/bin/sh", "-c", text]
  Duration interval = 30s, timeout = 5s, start_period = 0s;
  int retries = 3;
};

struct RestartPolicy {
  bool enabled = false;
  std::vector<int> ignored_exit_codes;
  Duration attempt_period = 300s;
};

struct Volume {
  std::string name;
  std::string source;  // host path, or name of an engine's volume
  bool is_task_scoped = false;
  bool is_engine_volume = false;
  bool is_to_be_made = false;  // of an engine's: not there already (autoprovision, or the task's own)
  std::string driver;
  std::map<std::string, std::string> driver_options, labels;
};

struct ContainerPlan {
  std::string name;
  bool essential = true;
  std::vector<Dependency> depends_on;
  std::optional<HealthCheck> health_check;
  std::optional<Duration> start_timeout;
  Duration stop_timeout = 30s;
  RestartPolicy restart;
  std::map<std::string, std::string> docker_labels;
  ecs::agent::Container definition;
};

struct TaskSpec {
  std::string arn, id;  // id: the ARN's last part
  std::string family, revision, cluster_arn, service_name, launch_type;
  engine::NetworkMode network_mode = engine::NetworkMode::bridge;
  std::vector<ContainerPlan> containers;
  std::vector<Volume> volumes;
  std::string credentials_id;  // of the task's role; empty: none
  ecs::agent::Task definition;
};

struct SpecOptions {
  std::string data_directory;           // task-scoped volumes lie in volumes/TASK/NAME below it
  Duration default_stop_timeout = 30s;  // ECS_CONTAINER_STOP_TIMEOUT
};

// Errors: what is missing or contradictory, by container; such a task is refused with it.
Result<TaskSpec> make_spec(const ecs::agent::Task& task, const SpecOptions& options);

// What identifies the agent and its surroundings to containers.
struct Surroundings {
  std::string cluster;
  std::string metadata_url;         // "http://127.0.0.1:51679"; empty: no endpoint
  std::string bridge_metadata_url;  // the same for containers on a bridge of the engine's; empty: there is none
  bool has_aws_address = false;     // which is AWS's own, that relative URIs mean
  std::string execution_env;        // AWS_EXECUTION_ENV
  std::string region, availability_zone;
};

// Unguessable, made anew for each container: names it on the metadata endpoint.
struct ContainerTokens {
  std::string metadata_id;
  std::string name_suffix;  // 20 hex digits
};

// What the engine calls a container: the suffix is its task's.
std::string container_name(const TaskSpec& task, std::string_view container, std::string_view name_suffix);
// Its dockerLabels, and those by which Amazon's agent says whose it is.
std::map<std::string, std::string> container_labels(const TaskSpec& task, size_t container, const Surroundings& around);

// The engine's view of one container. Errors: docker_config is not JSON.
Result<engine::ContainerSpec> make_container_spec(const TaskSpec& task, size_t container, const Surroundings& around,
                                                  const ContainerTokens& tokens);

}  // namespace fl::agent::task
