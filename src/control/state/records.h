// What the control plane remembers: one struct a kind of thing. Each holds the shape the API answers (`shape`, without
// what is counted or derived when somebody asks) beside what only we need. Records are values without behaviour; once
// in a View they never change. Any thread.
//
// Clusters, services and so on are named here by their short names; ARNs stand in the shapes.
#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "base/time.h"
#include "control/reconcile/view.h"
#include "ecs/generated/ecs_shapes.h"
#include "ecs/shape.h"

namespace fl::control::state {

using ecs::text;

struct Cluster {
  std::string name;
  ecs::Cluster shape;   // without counts and statistics
  WallTime changed_at;  // an INACTIVE one is forgotten a while after this
  bool operator==(const Cluster&) const = default;
};

// What is known of a family beyond its definitions: revisions are never used twice.
struct TaskDefinitionFamily {
  std::string name;
  int32_t last_revision = 0;
  bool operator==(const TaskDefinitionFamily&) const = default;
};

struct TaskDefinition {
  std::string family;
  int32_t revision = 0;
  ecs::TaskDefinition shape;
  std::vector<ecs::Tag> tags;  // answered beside the definition
  bool operator==(const TaskDefinition&) const = default;
};

// What a task takes of its instance from being placed until it has stopped.
struct Reservation {
  int64_t cpu = 0;     // units, 1024 a core
  int64_t memory = 0;  // MiB
  int64_t gpus = 0;
  std::vector<int32_t> tcp_ports, udp_ports;  // fixed host ports
  bool operator==(const Reservation&) const = default;
};

struct Task {
  std::string cluster, id;  // id: 32 hex digits
  std::string family;
  int32_t revision = 0;
  std::string service;   // empty: a standalone task
  std::string instance;  // id of the container instance
  ecs::Task shape;
  Reservation reservation;
  // A task that is to stop is DEACTIVATING until then, so that load balancers let go of it first.
  std::optional<WallTime> drain_until;
  // Names of the credentials its containers ask the agent for; empty without such a role.
  std::string credentials_id, execution_credentials_id;
  std::optional<WallTime> healthy_at;       // last turned HEALTHY
  bool is_settled = false;                  // STOPPED, and its service has taken notice
  std::optional<WallTime> protected_until;  // from scale-in and deployments; may be over
  bool operator==(const Task&) const = default;
};

struct Deployment {
  ecs::Deployment shape;  // without counts, and without what `state` says
  // What its tasks are made with, should the service be rolled back to it.
  std::vector<ecs::LoadBalancer> load_balancers;
  reconcile::DeploymentState state;
  bool operator==(const Deployment&) const = default;
};

struct Service {
  std::string cluster, name;
  ecs::Service shape;                   // without deployments, events and counts
  std::vector<Deployment> deployments;  // newest first; those that are PRIMARY or ACTIVE
  reconcile::ServiceState state;
  int64_t next_event = 1;
  WallTime changed_at;  // an INACTIVE one is forgotten a while after this
  bool operator==(const Service&) const = default;
};

struct ServiceEvent {
  std::string cluster, service;
  int64_t number = 0;  // counts up
  ecs::ServiceEvent shape;
  bool operator==(const ServiceEvent&) const = default;
};

struct ContainerInstance {
  std::string cluster, id;
  ecs::ContainerInstance shape;  // attributes included; without counts and remaining resources
  std::optional<WallTime> disconnected_at;
  std::string ip_address;        // where its agent came from
  std::string managed_instance;  // mi-... of an external instance
  bool operator==(const ContainerInstance&) const = default;
};

struct AccountSetting {
  std::string principal_arn;  // empty: the account's default
  std::string name, value;
  bool operator==(const AccountSetting&) const = default;
};

// Permission to register external instances (ssm CreateActivation).
struct Activation {
  std::string id;
  std::string code_hash;  // hex SHA-256 of the code, which is shown once
  std::string iam_role, description, default_instance_name;
  int32_t registration_limit = 1, registrations = 0;
  WallTime created_at, expires_at;
  std::vector<ecs::Tag> tags;
  bool operator==(const Activation&) const = default;
};

// An external machine (ssm): what DescribeInstanceInformation answers.
struct ManagedInstance {
  std::string id;  // mi-17 hex digits
  std::string activation_id, iam_role, name;
  std::string ip_address, computer_name, agent_version;
  std::string platform_type, platform_name, platform_version;
  std::string fingerprint, public_key;
  WallTime registered_at, last_ping_at;
  bool operator==(const ManagedInstance&) const = default;
};

// One that was made; FARGATE and FARGATE_SPOT are always there and have no record.
struct CapacityProvider {
  std::string name;
  ecs::CapacityProvider shape;
  bool operator==(const CapacityProvider&) const = default;
};

// The answer to a call with a client token, so that its repetition does nothing.
struct ClientToken {
  std::string action, token;     // the action's name and, where the token counts for that alone, "/cluster"
  std::string request_hash;      // hex SHA-256 of the request without the token
  std::vector<std::string> ids;  // what was made: names or ids
  WallTime created_at;
  bool operator==(const ClientToken&) const = default;
};

}  // namespace fl::control::state
