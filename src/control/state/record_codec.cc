#include "control/state/record_codec.h"

#include <array>
#include <concepts>

#include "ecs/generated/ecs_operations.h"
#include "ecs/json_codec.h"

namespace fl::control::state {
namespace {

template <class R, class Record>
concept Is = std::same_as<std::remove_const_t<R>, Record>;

// ---- the members of each record, once for both directions
template <Is<Cluster> R, class Io>
void members(R& r, Io& io) {
  io("name", r.name);
  io("shape", r.shape);
  io("changedAt", r.changed_at);
}
template <Is<TaskDefinitionFamily> R, class Io>
void members(R& r, Io& io) {
  io("name", r.name);
  io("lastRevision", r.last_revision);
}
template <Is<TaskDefinition> R, class Io>
void members(R& r, Io& io) {
  io("family", r.family);
  io("revision", r.revision);
  io("shape", r.shape);
  io("tags", r.tags);
}
template <Is<Reservation> R, class Io>
void members(R& r, Io& io) {
  io("cpu", r.cpu);
  io("memory", r.memory);
  io("gpus", r.gpus);
  io("tcpPorts", r.tcp_ports);
  io("udpPorts", r.udp_ports);
}
template <Is<Task> R, class Io>
void members(R& r, Io& io) {
  io("cluster", r.cluster);
  io("id", r.id);
  io("family", r.family);
  io("revision", r.revision);
  io("service", r.service);
  io("instance", r.instance);
  io("shape", r.shape);
  io("reservation", r.reservation);
  io("drainUntil", r.drain_until);
  io("credentialsId", r.credentials_id);
  io("executionCredentialsId", r.execution_credentials_id);
  io("healthyAt", r.healthy_at);
  io("isSettled", r.is_settled);
  io("protectedUntil", r.protected_until);
}
template <Is<reconcile::DeploymentState> R, class Io>
void members(R& r, Io& io) {
  io("status", r.status);
  io("rolloutState", r.rollout_state);
  io("rolloutStateReason", r.rollout_state_reason);
  io("desiredCount", r.desired_count);
  io("failedTasks", r.failed_tasks);
  io("startFailures", r.start_failures);
  io("throttledAt", r.throttled_at);
  io("lastSuccessAt", r.last_success_at);
}
template <Is<reconcile::ServiceState> R, class Io>
void members(R& r, Io& io) {
  io("isSteady", r.is_steady);
  io("steadyEventAt", r.steady_event_at);
  io("placementFailure", r.placement_failure);
  io("placementFailureEventAt", r.placement_failure_event_at);
  io("isStuck", r.is_stuck);
  io("isHeldUp", r.is_held_up);
}
template <Is<Deployment> R, class Io>
void members(R& r, Io& io) {
  io("shape", r.shape);
  io("loadBalancers", r.load_balancers);
  io("state", r.state);
}
template <Is<Service> R, class Io>
void members(R& r, Io& io) {
  io("cluster", r.cluster);
  io("name", r.name);
  io("shape", r.shape);
  io("deployments", r.deployments);
  io("state", r.state);
  io("nextEvent", r.next_event);
  io("changedAt", r.changed_at);
}
template <Is<ServiceEvent> R, class Io>
void members(R& r, Io& io) {
  io("cluster", r.cluster);
  io("service", r.service);
  io("number", r.number);
  io("shape", r.shape);
}
template <Is<ContainerInstance> R, class Io>
void members(R& r, Io& io) {
  io("cluster", r.cluster);
  io("id", r.id);
  io("shape", r.shape);
  io("disconnectedAt", r.disconnected_at);
  io("ipAddress", r.ip_address);
  io("managedInstance", r.managed_instance);
}
template <Is<AccountSetting> R, class Io>
void members(R& r, Io& io) {
  io("principalArn", r.principal_arn);
  io("name", r.name);
  io("value", r.value);
}
template <Is<Activation> R, class Io>
void members(R& r, Io& io) {
  io("id", r.id);
  io("codeHash", r.code_hash);
  io("iamRole", r.iam_role);
  io("description", r.description);
  io("defaultInstanceName", r.default_instance_name);
  io("registrationLimit", r.registration_limit);
  io("registrations", r.registrations);
  io("createdAt", r.created_at);
  io("expiresAt", r.expires_at);
  io("tags", r.tags);
}
template <Is<ManagedInstance> R, class Io>
void members(R& r, Io& io) {
  io("id", r.id);
  io("activationId", r.activation_id);
  io("iamRole", r.iam_role);
  io("name", r.name);
  io("ipAddress", r.ip_address);
  io("computerName", r.computer_name);
  io("agentVersion", r.agent_version);
  io("platformType", r.platform_type);
  io("platformName", r.platform_name);
  io("platformVersion", r.platform_version);
  io("fingerprint", r.fingerprint);
  io("publicKey", r.public_key);
  io("registeredAt", r.registered_at);
  io("lastPingAt", r.last_ping_at);
}
template <Is<CapacityProvider> R, class Io>
void members(R& r, Io& io) {
  io("name", r.name);
  io("shape", r.shape);
}
template <Is<ClientToken> R, class Io>
void members(R& r, Io& io) {
  io("action", r.action);
  io("token", r.token);
  io("requestHash", r.request_hash);
  io("ids", r.ids);
  io("createdAt", r.created_at);
}

template <class T>
concept OwnRecord =
    Is<T, Reservation> || Is<T, Deployment> || Is<T, reconcile::DeploymentState> || Is<T, reconcile::ServiceState>;
template <class T>
concept Enum = std::is_enum_v<T>;

class Writer {
 public:
  template <class T>
  void operator()(std::string_view name, const T& member) {
    if (member == T{}) return;
    object_.emplace_back(std::string(name), to_value(member));
  }
  json::Value take() { return std::move(object_); }

 private:
  template <OwnRecord T>
  static json::Value to_value(const T& record) {
    Writer writer;
    members(record, writer);
    return writer.take();
  }
  template <OwnRecord T>
  static json::Value to_value(const std::vector<T>& list) {
    json::Array out;
    for (const T& item : list) out.push_back(to_value(item));
    return out;
  }
  template <Enum T>
  static json::Value to_value(const T& member) {
    return static_cast<int>(member);
  }
  template <class T>
  static json::Value to_value(const std::optional<T>& member) {
    return to_value(*member);
  }
  template <class T>
  static json::Value to_value(const T& member) {
    return ecs::encode_any(member);
  }

  json::Object object_;
};

class Reader {
 public:
  explicit Reader(const json::Value& value) : value_(value) {}

  template <class T>
  void operator()(std::string_view name, T& member) {
    if (!result_) return;
    const json::Value* value = value_.find(name);
    if (value == nullptr) return;
    if (auto read = from_value(*value, member); !read)
      result_ = tl::make_unexpected(std::move(read).error().context(name));
  }
  Result<> take() { return std::move(result_); }

 private:
  template <OwnRecord T>
  static Result<> from_value(const json::Value& value, T& record) {
    Reader reader(value);
    members(record, reader);
    return reader.take();
  }
  template <OwnRecord T>
  static Result<> from_value(const json::Value& value, std::vector<T>& list) {
    FL_TRY(const json::Array* array, ecs::as_array(value));
    for (const json::Value& item : *array) FL_TRY_VOID(from_value(item, list.emplace_back()));
    return {};
  }
  template <Enum T>
  static Result<> from_value(const json::Value& value, T& member) {
    int32_t number;
    FL_TRY_VOID(ecs::decode(value, number));
    member = static_cast<T>(number);
    return {};
  }
  template <class T>
  static Result<> from_value(const json::Value& value, std::optional<T>& member) {
    return from_value(value, member.emplace());
  }
  template <class T>
  static Result<> from_value(const json::Value& value, T& member) {
    using ecs::decode;
    return decode(value, member);
  }

  const json::Value& value_;
  Result<> result_;
};

}  // namespace

std::string_view kind_name(Kind kind) {
  static constexpr std::array<std::string_view, 12> kNames{
      "cluster",     "taskDefinitionFamily", "taskDefinition", "service",    "serviceEvent",
      "task",        "containerInstance",    "accountSetting", "activation", "managedInstance",
      "clientToken", "capacityProvider"};
  return kNames[static_cast<size_t>(kind)];
}

template <class Record>
std::string to_text(const Record& record) {
  Writer writer;
  members(record, writer);
  return json::to_text(writer.take());
}

template <class Record>
Result<Record> from_text(std::string_view text) {
  FL_TRY(const json::Value value, json::parse(text));
  Record record;
  Reader reader(value);
  members(record, reader);
  FL_TRY_VOID(reader.take());
  return record;
}

#define FL_RECORD(Record)                      \
  template std::string to_text(const Record&); \
  template Result<Record> from_text(std::string_view)
FL_RECORD(Cluster);
FL_RECORD(TaskDefinitionFamily);
FL_RECORD(TaskDefinition);
FL_RECORD(Task);
FL_RECORD(Service);
FL_RECORD(ServiceEvent);
FL_RECORD(ContainerInstance);
FL_RECORD(AccountSetting);
FL_RECORD(Activation);
FL_RECORD(ManagedInstance);
FL_RECORD(CapacityProvider);
FL_RECORD(ClientToken);
#undef FL_RECORD

}  // namespace fl::control::state
