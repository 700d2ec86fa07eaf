// What placing ECS tasks is about: instances, what a task needs, and why it does not fit. Plain values; no I/O, no
// clock. The caller makes them from its own records; nothing here knows those.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/time.h"

namespace fl::control::schedule {

// Where chance comes from, so that a test can repeat it. Task ids are made of it: the real one draws from the kernel.
class Random {
 public:
  virtual ~Random() = default;
  virtual uint64_t next() = 0;
};

struct HostPort {
  enum class Protocol : uint8_t { tcp, udp };
  uint16_t port = 0;
  Protocol protocol = Protocol::tcp;
  friend auto operator<=>(const HostPort&, const HostPort&) = default;
};

// What a task takes, or what an instance has. Dynamic host ports (hostPort 0) take nothing.
struct Resources {
  int64_t cpu = 0;     // units, 1024 a core
  int64_t memory = 0;  // MiB
  int64_t gpus = 0;
  std::vector<HostPort> ports;  // of a task: its fixed host ports; of an instance: those it keeps for itself
};

// The value is empty for an attribute that has only a name.
struct Attribute {
  std::string name;
  std::string value;
};

enum class InstanceStatus : uint8_t { active, draining, other };

struct InstanceView {
  std::string id;  // the last part of its ARN; what tasks, plans and events name it by
  InstanceStatus status = InstanceStatus::active;
  bool agent_connected = true;
  std::optional<WallTime> disconnected_since;  // set while the agent is not connected
  std::string agent_version;                   // versionInfo.agentVersion
  std::string ec2_instance_id;                 // i-... or mi-...
  WallTime registered_at;
  std::vector<Attribute> attributes;  // each name once
  Resources registered;               // registeredResources
};

// Capacity and Query want the attributes sorted by name.
void sort_attributes(InstanceView& instance);
// nullptr when a sorted instance has no such attribute.
const Attribute* find_attribute(const InstanceView& instance, std::string_view name);

// A task that holds resources of an instance: from the moment it is placed until it is STOPPED.
struct PlacedTask {
  std::string id;
  std::string instance;
  std::string group;  // service:NAME, family:NAME or what RunTask said
  std::string family;
  Resources resources;
};

struct Constraint {
  enum class Type : uint8_t { distinct_instance, member_of };
  Type type = Type::distinct_instance;
  std::string expression;  // memberOf: a cluster query; its writer has been told if it does not parse (Query::parse)
};

struct Strategy {
  enum class Type : uint8_t { spread, binpack, random };
  Type type = Type::spread;
  std::string field;  // spread: instanceId, host or attribute:NAME; binpack: cpu or memory
};

// What one task of a group needs. All tasks of a call to place() are alike.
struct TaskDemand {
  std::string group;
  std::string family;
  Resources resources;
  std::vector<Attribute> requires_attributes;  // that an instance must have; with that value, where it is not empty
  std::vector<Constraint> constraints;         // the task definition's and the service's or the request's
  std::vector<Strategy> strategies;            // none: spread over zones, then over instances
};

// Why an instance cannot take a task, in the order in which it is asked: the later, the closer it came.
enum class Misfit : uint8_t {
  no_instance,        // of a whole cluster: it has none
  inactive,           // not ACTIVE
  agent,              // its agent is not connected
  attribute,          // lacks one of requires_attributes
  member_of,          // a memberOf constraint says no
  distinct_instance,  // has a task of the group already
  cpu,
  memory,
  gpu,
  ports,  // one of the task's host ports is taken
};

// The reason in a `failures` entry of RunTask and StartTask: "RESOURCE:CPU", "AGENT".
std::string_view run_task_reason(Misfit misfit);

// Why no instance could take one more task.
struct PlacementFailure {
  std::string closest;  // instance id; empty for no_instance
  Misfit misfit = Misfit::no_instance;
  bool operator==(const PlacementFailure&) const = default;
};

// The second half of AWS's event: "Reason: No Container Instances were found in your cluster." or "The closest matching
// (container-instance ID) has insufficient CPU units available."
std::string to_text(const PlacementFailure& failure);

struct PlacementResult {
  std::vector<std::string> instances;       // where each task went, in the order of the ids; shorter when room ran out
  std::optional<PlacementFailure> failure;  // set when it is shorter
};

}  // namespace fl::control::schedule
