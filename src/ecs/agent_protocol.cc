#include "ecs/agent_protocol.h"

#include <concepts>
#include <type_traits>
#include <utility>

#include "ecs/json_codec.h"

namespace fl::ecs::agent {
namespace {

template <class S, class Shape>
concept Is = std::same_as<std::remove_const_t<S>, Shape>;

// Calls visit(name on the wire, member) for each member, for writing and reading alike.
#define FL_MEMBERS(Shape)               \
  template <Is<Shape> S, class Visitor> \
  void members(S& s, Visitor& visit)

FL_MEMBERS(PortMapping) {
  visit("containerPort", s.container_port);
  visit("containerPortRange", s.container_port_range);
  visit("hostPort", s.host_port);
  visit("protocol", s.protocol);
  visit("name", s.name);
  visit("appProtocol", s.app_protocol);
}
FL_MEMBERS(MountPoint) {
  visit("sourceVolume", s.source_volume);
  visit("containerPath", s.container_path);
  visit("readOnly", s.read_only);
}
FL_MEMBERS(VolumeFrom) {
  visit("sourceContainer", s.source_container);
  visit("readOnly", s.read_only);
}
FL_MEMBERS(ContainerDependency) {
  visit("containerName", s.container_name);
  visit("condition", s.condition);
}
FL_MEMBERS(RestartPolicy) {
  visit("enabled", s.enabled);
  visit("ignoredExitCodes", s.ignored_exit_codes);
  visit("restartAttemptPeriod", s.restart_attempt_period);
}
FL_MEMBERS(Secret) {
  visit("name", s.name);
  visit("valueFrom", s.value_from);
  visit("provider", s.provider);
  visit("region", s.region);
  visit("target", s.target);
}
FL_MEMBERS(EnvironmentFile) {
  visit("type", s.type);
  visit("value", s.value);
}
FL_MEMBERS(AsmAuthData) {
  visit("credentialsParameter", s.credentials_parameter);
  visit("region", s.region);
}
FL_MEMBERS(EcrAuthData) {
  visit("endpointOverride", s.endpoint_override);
  visit("region", s.region);
  visit("registryId", s.registry_id);
  visit("useExecutionRole", s.use_execution_role);
}
FL_MEMBERS(RegistryAuthentication) {
  visit("type", s.type);
  visit("asmAuthData", s.asm_auth_data);
  visit("ecrAuthData", s.ecr_auth_data);
}
FL_MEMBERS(DockerConfig) {
  visit("config", s.config);
  visit("hostConfig", s.host_config);
  visit("version", s.version);
}
FL_MEMBERS(Container) {
  visit("name", s.name);
  visit("containerArn", s.container_arn);
  visit("image", s.image);
  visit("cpu", s.cpu);
  visit("memory", s.memory);
  visit("essential", s.essential);
  visit("command", s.command);
  visit("entryPoint", s.entry_point);
  visit("environment", s.environment);
  visit("environmentFiles", s.environment_files);
  visit("secrets", s.secrets);
  visit("portMappings", s.port_mappings);
  visit("mountPoints", s.mount_points);
  visit("volumesFrom", s.volumes_from);
  visit("links", s.links);
  visit("dependsOn", s.depends_on);
  visit("startTimeout", s.start_timeout);
  visit("stopTimeout", s.stop_timeout);
  visit("restartPolicy", s.restart_policy);
  visit("healthCheckType", s.health_check_type);
  visit("registryAuthentication", s.registry_authentication);
  visit("logsAuthStrategy", s.logs_auth_strategy);
  visit("privileged", s.privileged);
  visit("dockerConfig", s.docker_config);
  visit("overrides", s.overrides);
}
FL_MEMBERS(HostVolume) { visit("sourcePath", s.source_path); }
FL_MEMBERS(DockerVolumeConfiguration) {
  visit("scope", s.scope);
  visit("autoprovision", s.autoprovision);
  visit("driver", s.driver);
  visit("driverOpts", s.driver_opts);
  visit("labels", s.labels);
}
FL_MEMBERS(Volume) {
  visit("name", s.name);
  visit("type", s.type);
  visit("host", s.host);
  visit("dockerVolumeConfiguration", s.docker_volume_configuration);
}
FL_MEMBERS(Ipv4Address) {
  visit("primary", s.primary);
  visit("privateAddress", s.private_address);
}
FL_MEMBERS(ElasticNetworkInterface) {
  visit("attachmentArn", s.attachment_arn);
  visit("ec2Id", s.ec2_id);
  visit("macAddress", s.mac_address);
  visit("ipv4Addresses", s.ipv4_addresses);
}
FL_MEMBERS(RoleCredentials) {
  visit("credentialsId", s.credentials_id);
  visit("roleArn", s.role_arn);
  visit("accessKeyId", s.access_key_id);
  visit("secretAccessKey", s.secret_access_key);
  visit("sessionToken", s.session_token);
  visit("expiration", s.expiration);
}
FL_MEMBERS(Task) {
  visit("arn", s.arn);
  visit("desiredStatus", s.desired_status);
  visit("family", s.family);
  visit("version", s.version);
  visit("taskClusterArn", s.task_cluster_arn);
  visit("taskDefinitionAccountId", s.task_definition_account_id);
  visit("serviceName", s.service_name);
  visit("group", s.group);
  visit("launchType", s.launch_type);
  visit("networkMode", s.network_mode);
  visit("pidMode", s.pid_mode);
  visit("ipcMode", s.ipc_mode);
  visit("cpu", s.cpu);
  visit("memory", s.memory);
  visit("overrides", s.overrides);
  visit("containers", s.containers);
  visit("volumes", s.volumes);
  visit("elasticNetworkInterfaces", s.elastic_network_interfaces);
  visit("roleCredentials", s.role_credentials);
  visit("executionRoleCredentials", s.execution_role_credentials);
}
FL_MEMBERS(TaskIdentifier) {
  visit("taskArn", s.task_arn);
  visit("taskClusterArn", s.task_cluster_arn);
  visit("desiredStatus", s.desired_status);
}
FL_MEMBERS(PayloadMessage) {
  visit("clusterArn", s.cluster_arn);
  visit("containerInstanceArn", s.container_instance_arn);
  visit("messageId", s.message_id);
  visit("seqNum", s.seq_num);
  visit("generatedAt", s.generated_at);
  visit("tasks", s.tasks);
}
FL_MEMBERS(HeartbeatMessage) {
  visit("messageId", s.message_id);
  visit("healthy", s.healthy);
}
FL_MEMBERS(IamRoleCredentialsMessage) {
  visit("messageId", s.message_id);
  visit("taskArn", s.task_arn);
  visit("taskClusterArn", s.task_cluster_arn);
  visit("roleType", s.role_type);
  visit("roleCredentials", s.role_credentials);
}
FL_MEMBERS(TaskManifestMessage) {
  visit("clusterArn", s.cluster_arn);
  visit("containerInstanceArn", s.container_instance_arn);
  visit("messageId", s.message_id);
  visit("generatedAt", s.generated_at);
  visit("timeline", s.timeline);
  visit("tasks", s.tasks);
}
FL_MEMBERS(TaskStopVerificationMessage) {
  visit("messageId", s.message_id);
  visit("stopCandidates", s.stop_candidates);
}
FL_MEMBERS(TaskStopVerificationAck) {
  visit("messageId", s.message_id);
  visit("generatedAt", s.generated_at);
  visit("stopTasks", s.stop_tasks);
}
FL_MEMBERS(CloseMessage) { visit("message", s.message); }
FL_MEMBERS(AckRequest) {
  visit("cluster", s.cluster);
  visit("containerInstance", s.container_instance);
  visit("messageId", s.message_id);
}
FL_MEMBERS(NackRequest) {
  visit("cluster", s.cluster);
  visit("containerInstance", s.container_instance);
  visit("messageId", s.message_id);
  visit("reason", s.reason);
}
FL_MEMBERS(HeartbeatAckRequest) { visit("messageId", s.message_id); }
FL_MEMBERS(IamRoleCredentialsAckRequest) {
  visit("credentialsId", s.credentials_id);
  visit("expiration", s.expiration);
  visit("messageId", s.message_id);
}
FL_MEMBERS(AgentError) { visit("message", s.message); }
FL_MEMBERS(StatsSet) {
  visit("max", s.max);
  visit("min", s.min);
  visit("sampleCount", s.sample_count);
  visit("sum", s.sum);
}
FL_MEMBERS(ContainerMetric) {
  visit("containerName", s.container_name);
  visit("cpuStatsSet", s.cpu_stats_set);
  visit("memoryStatsSet", s.memory_stats_set);
}
FL_MEMBERS(TaskMetric) {
  visit("taskArn", s.task_arn);
  visit("clusterArn", s.cluster_arn);
  visit("taskDefinitionFamily", s.task_definition_family);
  visit("taskDefinitionVersion", s.task_definition_version);
  visit("containerMetrics", s.container_metrics);
}
FL_MEMBERS(MetricsMetadata) {
  visit("cluster", s.cluster);
  visit("containerInstance", s.container_instance);
  visit("fin", s.fin);
  visit("idle", s.idle);
  visit("messageId", s.message_id);
}
FL_MEMBERS(PublishMetricsRequest) {
  visit("metadata", s.metadata);
  visit("taskMetrics", s.task_metrics);
  visit("timestamp", s.timestamp);
}
FL_MEMBERS(ContainerHealth) {
  visit("containerName", s.container_name);
  visit("healthStatus", s.health_status);
  visit("statusSince", s.status_since);
}
FL_MEMBERS(TaskHealth) {
  visit("taskArn", s.task_arn);
  visit("clusterArn", s.cluster_arn);
  visit("taskDefinitionFamily", s.task_definition_family);
  visit("taskDefinitionVersion", s.task_definition_version);
  visit("containers", s.containers);
}
FL_MEMBERS(HealthMetadata) {
  visit("cluster", s.cluster);
  visit("containerInstance", s.container_instance);
  visit("fin", s.fin);
  visit("messageId", s.message_id);
}
FL_MEMBERS(PublishHealthRequest) {
  visit("metadata", s.metadata);
  visit("tasks", s.tasks);
  visit("timestamp", s.timestamp);
}
FL_MEMBERS(InstanceStatusMetadata) {
  visit("cluster", s.cluster);
  visit("containerInstance", s.container_instance);
  visit("requestId", s.request_id);
}
FL_MEMBERS(InstanceStatus) {
  visit("type", s.type);
  visit("status", s.status);
  visit("lastUpdated", s.last_updated);
  visit("lastStatusChange", s.last_status_change);
}
FL_MEMBERS(PublishInstanceStatusRequest) {
  visit("metadata", s.metadata);
  visit("statuses", s.statuses);
  visit("timestamp", s.timestamp);
}
FL_MEMBERS(AckPublishMetric) { visit("message", s.message); }
FL_MEMBERS(AckPublishHealth) { visit("message", s.message); }
FL_MEMBERS(AckPublishInstanceStatus) { visit("message", s.message); }
#undef FL_MEMBERS

}  // namespace

// Found by argument-dependent lookup from the templates of json_codec.h, so those of the inner shapes stand here too.
#define FL_CODEC(Shape)                                     \
  json::Value encode(const Shape& shape) {                  \
    JsonWriter writer;                                      \
    members(shape, writer);                                 \
    return writer.take();                                   \
  }                                                         \
  Result<> decode(const json::Value& value, Shape& shape) { \
    JsonReader reader(value);                               \
    members(shape, reader);                                 \
    return reader.take();                                   \
  }
#define FL_INNER_CODEC(Shape)                              \
  json::Value encode(const Shape& shape);                  \
  Result<> decode(const json::Value& value, Shape& shape); \
  FL_CODEC(Shape)

FL_INNER_CODEC(PortMapping)
FL_INNER_CODEC(MountPoint)
FL_INNER_CODEC(VolumeFrom)
FL_INNER_CODEC(ContainerDependency)
FL_INNER_CODEC(RestartPolicy)
FL_INNER_CODEC(Secret)
FL_INNER_CODEC(EnvironmentFile)
FL_INNER_CODEC(AsmAuthData)
FL_INNER_CODEC(EcrAuthData)
FL_INNER_CODEC(RegistryAuthentication)
FL_INNER_CODEC(DockerConfig)
FL_INNER_CODEC(Container)
FL_INNER_CODEC(HostVolume)
FL_INNER_CODEC(DockerVolumeConfiguration)
FL_INNER_CODEC(Volume)
FL_INNER_CODEC(Ipv4Address)
FL_INNER_CODEC(ElasticNetworkInterface)
FL_INNER_CODEC(RoleCredentials)
FL_INNER_CODEC(TaskIdentifier)
FL_INNER_CODEC(StatsSet)
FL_INNER_CODEC(ContainerMetric)
FL_INNER_CODEC(TaskMetric)
FL_INNER_CODEC(MetricsMetadata)
FL_INNER_CODEC(ContainerHealth)
FL_INNER_CODEC(TaskHealth)
FL_INNER_CODEC(HealthMetadata)
FL_INNER_CODEC(InstanceStatusMetadata)
FL_INNER_CODEC(InstanceStatus)
FL_CODEC(Task)
FL_CODEC(PayloadMessage)
FL_CODEC(HeartbeatMessage)
FL_CODEC(IamRoleCredentialsMessage)
FL_CODEC(TaskManifestMessage)
FL_CODEC(TaskStopVerificationMessage)
FL_CODEC(TaskStopVerificationAck)
FL_CODEC(CloseMessage)
FL_CODEC(AckRequest)
FL_CODEC(NackRequest)
FL_CODEC(HeartbeatAckRequest)
FL_CODEC(IamRoleCredentialsAckRequest)
FL_CODEC(AgentError)
FL_CODEC(PublishMetricsRequest)
FL_CODEC(PublishHealthRequest)
FL_CODEC(PublishInstanceStatusRequest)
FL_CODEC(AckPublishMetric)
FL_CODEC(AckPublishHealth)
FL_CODEC(AckPublishInstanceStatus)
#undef FL_CODEC
#undef FL_INNER_CODEC

Result<Envelope> parse_envelope(std::string_view text) {
  FL_TRY(json::Value value, json::parse(text));
  json::Object* object = value.if_object();
  if (object == nullptr) return fail(Code::invalid, "agent protocol: expected an object with type and message");
  Envelope envelope;
  for (auto& [key, member] : *object) {
    if (key == "type" && member.if_string() != nullptr) envelope.type = *member.if_string();
    if (key == "message") envelope.message = std::move(member);
  }
  if (envelope.type.empty()) return fail(Code::invalid, "agent protocol: \"type\" is missing");
  return envelope;
}

std::string envelope_text(std::string_view type, json::Value message) {
  json::Object envelope;
  envelope.emplace_back("type", type);
  envelope.emplace_back("message", std::move(message));
  return json::to_text(envelope);
}

TelemetryText split_telemetry(std::string_view text) {
  if (text.starts_with('{')) return {{}, text};
  for (const std::string_view gap : {"\r\n\r\n", "\n\n"})
    if (const size_t at = text.find(gap); at != text.npos) return {text.substr(0, at), text.substr(at + gap.size())};
  return {{}, text};
}

}  // namespace fl::ecs::agent
