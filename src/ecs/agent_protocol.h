// The messages of ECS's agent protocol: ACS (what an instance is to run) and TCS (how it fares). Each is a WebSocket
// text
// {"type": "PayloadMessage", "message": {...}}; what an agent sends over TCS has signed headers in front. Shapes as the
// public amazon-ecs-agent models them, all members optional as in ecs_shapes.h; what neither side uses is left out, and
// unknown members and message types are let through. Pure; any thread.
//
//   ACS server -> agent   PayloadMessage, HeartbeatMessage, IAMRoleCredentialsMessage, TaskManifestMessage,
//                         TaskStopVerificationAck, CloseMessage, errors (AgentError)
//   ACS agent -> server   AckRequest (payload, manifest), NackRequest, HeartbeatAckRequest,
//                         IAMRoleCredentialsAckRequest, TaskStopVerificationMessage
//   TCS agent -> server   PublishMetricsRequest, PublishHealthRequest, PublishInstanceStatusRequest
//   TCS server -> agent   AckPublishMetric, AckPublishHealth, AckPublishInstanceStatus, HeartbeatMessage
//
// One convention of fairlead's own, where AWS has hardware: a task with networkMode awsvpc and no elastic interfaces
// gets its address from the agent, which reports it as bindIP of each network binding (hostPort = containerPort), or of
// one without ports. The control plane makes networkInterfaces and the attachment of it.
#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/json.h"
#include "base/result.h"
#include "base/time.h"

namespace fl::ecs::agent {

template <class T>
using Optional = std::optional<T>;
using Strings = std::vector<std::string>;

// ---- ACS: what a task is

struct PortMapping {
  Optional<int32_t> container_port;
  Optional<std::string> container_port_range;  // "8080-8090"
  Optional<int32_t> host_port;                 // 0 or absent: dynamic, in bridge mode
  Optional<std::string> protocol;              // tcp (default), udp
  Optional<std::string> name;
  Optional<std::string> app_protocol;
  bool operator==(const PortMapping&) const = default;
};

struct MountPoint {
  Optional<std::string> source_volume;
  Optional<std::string> container_path;
  Optional<bool> read_only;
  bool operator==(const MountPoint&) const = default;
};

struct VolumeFrom {
  Optional<std::string> source_container;
  Optional<bool> read_only;
  bool operator==(const VolumeFrom&) const = default;
};

struct ContainerDependency {
  Optional<std::string> container_name;
  Optional<std::string> condition;  // START, COMPLETE, SUCCESS, HEALTHY
  bool operator==(const ContainerDependency&) const = default;
};

struct RestartPolicy {
  Optional<bool> enabled;
  Optional<std::vector<int32_t>> ignored_exit_codes;
  Optional<int32_t> restart_attempt_period;  // seconds
  bool operator==(const RestartPolicy&) const = default;
};

struct Secret {
  Optional<std::string> name;
  Optional<std::string> value_from;
  Optional<std::string> provider;  // ssm, asm
  Optional<std::string> region;
  Optional<std::string> target;  // LOG_DRIVER for a log option; else the environment
  bool operator==(const Secret&) const = default;
};

struct EnvironmentFile {
  Optional<std::string> type;  // s3
  Optional<std::string> value;
  bool operator==(const EnvironmentFile&) const = default;
};

struct AsmAuthData {
  Optional<std::string> credentials_parameter;
  Optional<std::string> region;
  bool operator==(const AsmAuthData&) const = default;
};

struct EcrAuthData {
  Optional<std::string> endpoint_override;
  Optional<std::string> region;
  Optional<std::string> registry_id;
  Optional<bool> use_execution_role;
  bool operator==(const EcrAuthData&) const = default;
};

struct RegistryAuthentication {
  Optional<std::string> type;  // ecr, asm
  Optional<AsmAuthData> asm_auth_data;
  Optional<EcrAuthData> ecr_auth_data;
  bool operator==(const RegistryAuthentication&) const = default;
};

// Texts holding JSON: Docker's Config (Labels, Healthcheck, User, WorkingDir, ...) and HostConfig (NetworkMode,
// LogConfig, Ulimits, CapAdd, ...), in the spelling of Docker's API.
struct DockerConfig {
  Optional<std::string> config;
  Optional<std::string> host_config;
  Optional<std::string> version;
  bool operator==(const DockerConfig&) const = default;
};

struct Container {
  Optional<std::string> name;
  Optional<std::string> container_arn;
  Optional<std::string> image;
  Optional<int32_t> cpu;     // units
  Optional<int32_t> memory;  // MiB, hard limit
  Optional<bool> essential;
  Optional<Strings> command;
  Optional<Strings> entry_point;
  Optional<std::map<std::string, std::string>> environment;
  Optional<std::vector<EnvironmentFile>> environment_files;
  Optional<std::vector<Secret>> secrets;
  Optional<std::vector<PortMapping>> port_mappings;
  Optional<std::vector<MountPoint>> mount_points;
  Optional<std::vector<VolumeFrom>> volumes_from;
  Optional<Strings> links;
  Optional<std::vector<ContainerDependency>> depends_on;
  Optional<int32_t> start_timeout;  // seconds, as stop_timeout
  Optional<int32_t> stop_timeout;
  Optional<RestartPolicy> restart_policy;
  Optional<std::string> health_check_type;  // "docker": the check is in docker_config
  Optional<RegistryAuthentication> registry_authentication;
  Optional<std::string> logs_auth_strategy;
  Optional<bool> privileged;
  Optional<DockerConfig> docker_config;
  Optional<std::string> overrides;  // JSON; "{}"
  bool operator==(const Container&) const = default;
};

struct HostVolume {
  Optional<std::string> source_path;  // absent or empty: a directory of the task's own
  bool operator==(const HostVolume&) const = default;
};

struct DockerVolumeConfiguration {
  Optional<std::string> scope;  // task, shared
  Optional<bool> autoprovision;
  Optional<std::string> driver;
  Optional<std::map<std::string, std::string>> driver_opts;
  Optional<std::map<std::string, std::string>> labels;
  bool operator==(const DockerVolumeConfiguration&) const = default;
};

struct Volume {
  Optional<std::string> name;
  Optional<std::string> type;  // host, docker, efs
  Optional<HostVolume> host;
  Optional<DockerVolumeConfiguration> docker_volume_configuration;
  bool operator==(const Volume&) const = default;
};

struct Ipv4Address {
  Optional<bool> primary;
  Optional<std::string> private_address;
  bool operator==(const Ipv4Address&) const = default;
};

struct ElasticNetworkInterface {
  Optional<std::string> attachment_arn;
  Optional<std::string> ec2_id;
  Optional<std::string> mac_address;
  Optional<std::vector<Ipv4Address>> ipv4_addresses;
  bool operator==(const ElasticNetworkInterface&) const = default;
};

struct RoleCredentials {
  Optional<std::string> credentials_id;
  Optional<std::string> role_arn;
  Optional<std::string> access_key_id;
  Optional<std::string> secret_access_key;
  Optional<std::string> session_token;
  Optional<std::string> expiration;  // "2030-01-01T00:00:00Z"
  bool operator==(const RoleCredentials&) const = default;
};

struct Task {
  Optional<std::string> arn;
  Optional<std::string> desired_status;  // RUNNING, STOPPED
  Optional<std::string> family;
  Optional<std::string> version;  // the revision
  Optional<std::string> task_cluster_arn;
  Optional<std::string> task_definition_account_id;
  Optional<std::string> service_name;
  Optional<std::string> group;
  Optional<std::string> launch_type;
  Optional<std::string> network_mode;  // bridge, host, none, awsvpc
  Optional<std::string> pid_mode;
  Optional<std::string> ipc_mode;
  Optional<double> cpu;      // vCPUs, limit of the whole task
  Optional<int32_t> memory;  // MiB, likewise
  Optional<std::string> overrides;
  Optional<std::vector<Container>> containers;
  Optional<std::vector<Volume>> volumes;
  Optional<std::vector<ElasticNetworkInterface>> elastic_network_interfaces;
  Optional<RoleCredentials> role_credentials;
  Optional<RoleCredentials> execution_role_credentials;
  bool operator==(const Task&) const = default;
};

struct TaskIdentifier {
  Optional<std::string> task_arn;
  Optional<std::string> task_cluster_arn;
  Optional<std::string> desired_status;
  bool operator==(const TaskIdentifier&) const = default;
};

// ---- ACS messages. kType is "type" on the wire.

struct PayloadMessage {
  static constexpr std::string_view kType = "PayloadMessage";
  Optional<std::string> cluster_arn;
  Optional<std::string> container_instance_arn;
  Optional<std::string> message_id;
  Optional<int64_t> seq_num;
  Optional<int64_t> generated_at;  // ms since 1970
  Optional<std::vector<Task>> tasks;
  bool operator==(const PayloadMessage&) const = default;
};

struct HeartbeatMessage {
  static constexpr std::string_view kType = "HeartbeatMessage";
  Optional<std::string> message_id;  // ACS only
  Optional<bool> healthy;
  bool operator==(const HeartbeatMessage&) const = default;
};

struct IamRoleCredentialsMessage {
  static constexpr std::string_view kType = "IAMRoleCredentialsMessage";
  Optional<std::string> message_id;
  Optional<std::string> task_arn;
  Optional<std::string> task_cluster_arn;
  Optional<std::string> role_type;  // TaskApplication, TaskExecution
  Optional<RoleCredentials> role_credentials;
  bool operator==(const IamRoleCredentialsMessage&) const = default;
};

// All tasks the instance should have, by seq_num `timeline`; what else it runs it asks about with
// TaskStopVerificationMessage, and stops what TaskStopVerificationAck names.
struct TaskManifestMessage {
  static constexpr std::string_view kType = "TaskManifestMessage";
  Optional<std::string> cluster_arn;
  Optional<std::string> container_instance_arn;
  Optional<std::string> message_id;
  Optional<int64_t> generated_at;
  Optional<int64_t> timeline;
  Optional<std::vector<TaskIdentifier>> tasks;
  bool operator==(const TaskManifestMessage&) const = default;
};

struct TaskStopVerificationMessage {
  static constexpr std::string_view kType = "TaskStopVerificationMessage";
  Optional<std::string> message_id;
  Optional<std::vector<TaskIdentifier>> stop_candidates;
  bool operator==(const TaskStopVerificationMessage&) const = default;
};

struct TaskStopVerificationAck {
  static constexpr std::string_view kType = "TaskStopVerificationAck";
  Optional<std::string> message_id;
  Optional<int64_t> generated_at;
  Optional<std::vector<TaskIdentifier>> stop_tasks;
  bool operator==(const TaskStopVerificationAck&) const = default;
};

struct CloseMessage {
  static constexpr std::string_view kType = "CloseMessage";
  Optional<std::string> message;
  bool operator==(const CloseMessage&) const = default;
};

struct AckRequest {
  static constexpr std::string_view kType = "AckRequest";
  Optional<std::string> cluster;
  Optional<std::string> container_instance;
  Optional<std::string> message_id;
  bool operator==(const AckRequest&) const = default;
};

struct NackRequest {
  static constexpr std::string_view kType = "NackRequest";
  Optional<std::string> cluster;
  Optional<std::string> container_instance;
  Optional<std::string> message_id;
  Optional<std::string> reason;
  bool operator==(const NackRequest&) const = default;
};

struct HeartbeatAckRequest {
  static constexpr std::string_view kType = "HeartbeatAckRequest";
  Optional<std::string> message_id;
  bool operator==(const HeartbeatAckRequest&) const = default;
};

struct IamRoleCredentialsAckRequest {
  static constexpr std::string_view kType = "IAMRoleCredentialsAckRequest";
  Optional<std::string> credentials_id;
  Optional<std::string> expiration;
  Optional<std::string> message_id;
  bool operator==(const IamRoleCredentialsAckRequest&) const = default;
};

// InactiveInstanceException, InvalidInstanceException, InvalidClusterException, ServerException, AccessDeniedException,
// BadRequestException: `type` says which.
struct AgentError {
  Optional<std::string> message;
  bool operator==(const AgentError&) const = default;
};

// ---- TCS

struct StatsSet {
  Optional<double> min, max, sum;
  Optional<int32_t> sample_count;
  bool operator==(const StatsSet&) const = default;
};

struct ContainerMetric {
  Optional<std::string> container_name;
  Optional<StatsSet> cpu_stats_set;     // percent of one core
  Optional<StatsSet> memory_stats_set;  // MiB
  bool operator==(const ContainerMetric&) const = default;
};

struct TaskMetric {
  Optional<std::string> task_arn;
  Optional<std::string> cluster_arn;
  Optional<std::string> task_definition_family;
  Optional<std::string> task_definition_version;
  Optional<std::vector<ContainerMetric>> container_metrics;
  bool operator==(const TaskMetric&) const = default;
};

struct MetricsMetadata {
  Optional<std::string> cluster;
  Optional<std::string> container_instance;
  Optional<bool> fin;
  Optional<bool> idle;
  Optional<std::string> message_id;
  bool operator==(const MetricsMetadata&) const = default;
};

struct PublishMetricsRequest {
  static constexpr std::string_view kType = "PublishMetricsRequest";
  Optional<MetricsMetadata> metadata;
  Optional<std::vector<TaskMetric>> task_metrics;
  Optional<WallTime> timestamp;
  bool operator==(const PublishMetricsRequest&) const = default;
};

struct ContainerHealth {
  Optional<std::string> container_name;
  Optional<std::string> health_status;  // HEALTHY, UNHEALTHY, UNKNOWN
  Optional<WallTime> status_since;
  bool operator==(const ContainerHealth&) const = default;
};

struct TaskHealth {
  Optional<std::string> task_arn;
  Optional<std::string> cluster_arn;
  Optional<std::string> task_definition_family;
  Optional<std::string> task_definition_version;
  Optional<std::vector<ContainerHealth>> containers;
  bool operator==(const TaskHealth&) const = default;
};

struct HealthMetadata {
  Optional<std::string> cluster;
  Optional<std::string> container_instance;
  Optional<bool> fin;
  Optional<std::string> message_id;
  bool operator==(const HealthMetadata&) const = default;
};

struct PublishHealthRequest {
  static constexpr std::string_view kType = "PublishHealthRequest";
  Optional<HealthMetadata> metadata;
  Optional<std::vector<TaskHealth>> tasks;
  Optional<WallTime> timestamp;
  bool operator==(const PublishHealthRequest&) const = default;
};

struct InstanceStatusMetadata {
  Optional<std::string> cluster;
  Optional<std::string> container_instance;
  Optional<std::string> request_id;
  bool operator==(const InstanceStatusMetadata&) const = default;
};

struct InstanceStatus {
  Optional<std::string> type;    // ContainerRuntime
  Optional<std::string> status;  // OK, IMPAIRED, INSUFFICIENT_DATA, INITIALIZING
  Optional<WallTime> last_updated;
  Optional<WallTime> last_status_change;
  bool operator==(const InstanceStatus&) const = default;
};

struct PublishInstanceStatusRequest {
  static constexpr std::string_view kType = "PublishInstanceStatusRequest";
  Optional<InstanceStatusMetadata> metadata;
  Optional<std::vector<InstanceStatus>> statuses;
  Optional<WallTime> timestamp;
  bool operator==(const PublishInstanceStatusRequest&) const = default;
};

struct AckPublishMetric {
  static constexpr std::string_view kType = "AckPublishMetric";
  Optional<std::string> message;
  bool operator==(const AckPublishMetric&) const = default;
};

struct AckPublishHealth {
  static constexpr std::string_view kType = "AckPublishHealth";
  Optional<std::string> message;
  bool operator==(const AckPublishHealth&) const = default;
};

struct AckPublishInstanceStatus {
  static constexpr std::string_view kType = "AckPublishInstanceStatus";
  Optional<std::string> message;
  bool operator==(const AckPublishInstanceStatus&) const = default;
};

// ---- codec

// {"type": ..., "message": ...}
struct Envelope {
  std::string type;
  json::Value message;
};

// Errors: not JSON, no object, no "type".
Result<Envelope> parse_envelope(std::string_view text);

// Of every message above, and of Task (which the agent keeps on disk). A member of the wrong kind is an error with its
// path; unknown ones are let through.
#define FL_AGENT_MESSAGE(Shape)           \
  json::Value encode(const Shape& shape); \
  Result<> decode(const json::Value& value, Shape& shape)
FL_AGENT_MESSAGE(PayloadMessage);
FL_AGENT_MESSAGE(HeartbeatMessage);
FL_AGENT_MESSAGE(IamRoleCredentialsMessage);
FL_AGENT_MESSAGE(TaskManifestMessage);
FL_AGENT_MESSAGE(TaskStopVerificationMessage);
FL_AGENT_MESSAGE(TaskStopVerificationAck);
FL_AGENT_MESSAGE(CloseMessage);
FL_AGENT_MESSAGE(AckRequest);
FL_AGENT_MESSAGE(NackRequest);
FL_AGENT_MESSAGE(HeartbeatAckRequest);
FL_AGENT_MESSAGE(IamRoleCredentialsAckRequest);
FL_AGENT_MESSAGE(AgentError);
FL_AGENT_MESSAGE(PublishMetricsRequest);
FL_AGENT_MESSAGE(PublishHealthRequest);
FL_AGENT_MESSAGE(PublishInstanceStatusRequest);
FL_AGENT_MESSAGE(AckPublishMetric);
FL_AGENT_MESSAGE(AckPublishHealth);
FL_AGENT_MESSAGE(AckPublishInstanceStatus);
FL_AGENT_MESSAGE(Task);
#undef FL_AGENT_MESSAGE

std::string envelope_text(std::string_view type, json::Value message);

// The text to send.
template <class Message>
std::string to_text(const Message& message) {
  return envelope_text(Message::kType, encode(message));
}
// An error, under its own type.
inline std::string error_text(std::string_view type, std::string message) {
  return envelope_text(type, encode(AgentError{.message = std::move(message)}));
}

// TCS, agent -> server: header lines, an empty line, the envelope. -> the envelope's text and the header lines before
// it; a text that begins with '{' has none.
struct TelemetryText {
  std::string_view headers;
  std::string_view body;
};
TelemetryText split_telemetry(std::string_view text);

}  // namespace fl::ecs::agent
