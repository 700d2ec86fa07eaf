// The whole state at one revision, never changed: what API threads answer from, what the planner sees. Copying a View
// copies a few pointers. Any thread.
#pragma once

#include <compare>
#include <cstdint>
#include <map>
#include <memory>
#include <string>
#include <string_view>
#include <tuple>

#include "control/state/records.h"
#include "control/state/table.h"

namespace fl::control::state {

// Counts up by one with every accepted change.
using Revision = int64_t;

// Accounts and regions see nothing of each other.
struct Scope {
  std::string account, region;
  auto operator<=>(const Scope&) const = default;
};

using Text = std::string_view;

// ---- the orders; a prefix of a key names a range
struct ByName {
  static std::tuple<Text> key(const auto& record) { return {record.name}; }
};
struct ById {
  static std::tuple<Text> key(const auto& record) { return {record.id}; }
};
struct ByClusterAndId {
  static std::tuple<Text, Text> key(const auto& record) { return {record.cluster, record.id}; }
};
struct ByClusterAndName {
  static std::tuple<Text, Text> key(const auto& record) { return {record.cluster, record.name}; }
};
struct ByFamily {
  static std::tuple<Text, int32_t> key(const TaskDefinition& d) { return {d.family, d.revision}; }
};
struct ByDeletion {  // family, revision; those whose deletion was asked for
  static std::tuple<Text, int32_t> key(const TaskDefinition& d) { return {d.family, d.revision}; }
  static bool includes(const TaskDefinition& d) { return text(d.shape.status) == "DELETE_IN_PROGRESS"; }
};
struct ByEventNumber {
  static std::tuple<Text, Text, int64_t> key(const ServiceEvent& e) { return {e.cluster, e.service, e.number}; }
};
struct ByPrincipal {
  static std::tuple<Text, Text> key(const AccountSetting& s) { return {s.principal_arn, s.name}; }
};
struct ByToken {
  static std::tuple<Text, Text> key(const ClientToken& t) { return {t.action, t.token}; }
};
struct ByAge {
  static std::tuple<int64_t, Text, Text> key(const ClientToken& t) {
    return {t.created_at.time_since_epoch().count(), t.action, t.token};
  }
};

// Of tasks: what ListTasks filters by, what is counted, what falls due. `desired` and `last` are the statuses.
namespace task {
struct ByDesiredStatus {  // cluster, desired, id
  static std::tuple<Text, Text, Text> key(const Task& t) { return {t.cluster, text(t.shape.desired_status), t.id}; }
};
struct ByLastStatus {  // cluster, last, id
  static std::tuple<Text, Text, Text> key(const Task& t) { return {t.cluster, text(t.shape.last_status), t.id}; }
};
struct ByService {  // cluster, service, desired, id; no standalone tasks
  static std::tuple<Text, Text, Text, Text> key(const Task& t) {
    return {t.cluster, t.service, text(t.shape.desired_status), t.id};
  }
  static bool includes(const Task& t) { return !t.service.empty(); }
};
struct ByStarter {  // cluster, startedBy (of a service's task: its deployment's id), desired, last, id
  static std::tuple<Text, Text, Text, Text, Text> key(const Task& t) {
    return {t.cluster, text(t.shape.started_by), text(t.shape.desired_status), text(t.shape.last_status), t.id};
  }
  static bool includes(const Task& t) { return t.shape.started_by.has_value(); }
};
struct ByInstance {  // cluster, instance, desired, id
  static std::tuple<Text, Text, Text, Text> key(const Task& t) {
    return {t.cluster, t.instance, text(t.shape.desired_status), t.id};
  }
};
struct ByFamily {  // cluster, family, desired, id
  static std::tuple<Text, Text, Text, Text> key(const Task& t) {
    return {t.cluster, t.family, text(t.shape.desired_status), t.id};
  }
};
struct ByStopTime {  // when it stopped (ns), cluster, id; STOPPED ones only
  static std::tuple<int64_t, Text, Text> key(const Task& t) {
    return {t.shape.stopped_at.value_or(WallTime{}).time_since_epoch().count(), t.cluster, t.id};
  }
  static bool includes(const Task& t) { return text(t.shape.last_status) == "STOPPED"; }
};
}  // namespace task

// ---- the tables
using ClusterTable = Table<Cluster, ByName>;
using FamilyTable = Table<TaskDefinitionFamily, ByName>;
using TaskDefinitionTable = Table<TaskDefinition, ByFamily, ByDeletion>;
using ServiceTable = Table<Service, ByClusterAndName>;
using ServiceEventTable = Table<ServiceEvent, ByEventNumber>;
using TaskTable = Table<Task, ByClusterAndId, task::ByDesiredStatus, task::ByLastStatus, task::ByService,
                        task::ByStarter, task::ByInstance, task::ByFamily, task::ByStopTime>;
using ContainerInstanceTable = Table<ContainerInstance, ByClusterAndId>;
using AccountSettingTable = Table<AccountSetting, ByPrincipal>;
using ActivationTable = Table<Activation, ById>;
using ManagedInstanceTable = Table<ManagedInstance, ById>;
using CapacityProviderTable = Table<CapacityProvider, ByName>;
using ClientTokenTable = Table<ClientToken, ByToken, ByAge>;

// Everything of one account in one region.
class Partition {
 public:
  using Tables = std::tuple<ClusterTable, FamilyTable, TaskDefinitionTable, ServiceTable, ServiceEventTable, TaskTable,
                            ContainerInstanceTable, AccountSettingTable, ActivationTable, ManagedInstanceTable,
                            CapacityProviderTable, ClientTokenTable>;

  const ClusterTable& clusters() const { return std::get<ClusterTable>(tables_); }
  const FamilyTable& families() const { return std::get<FamilyTable>(tables_); }
  const TaskDefinitionTable& task_definitions() const { return std::get<TaskDefinitionTable>(tables_); }
  const ServiceTable& services() const { return std::get<ServiceTable>(tables_); }
  const ServiceEventTable& service_events() const { return std::get<ServiceEventTable>(tables_); }
  const TaskTable& tasks() const { return std::get<TaskTable>(tables_); }
  const ContainerInstanceTable& instances() const { return std::get<ContainerInstanceTable>(tables_); }
  const AccountSettingTable& settings() const { return std::get<AccountSettingTable>(tables_); }
  const ActivationTable& activations() const { return std::get<ActivationTable>(tables_); }
  const ManagedInstanceTable& managed_instances() const { return std::get<ManagedInstanceTable>(tables_); }
  const CapacityProviderTable& capacity_providers() const { return std::get<CapacityProviderTable>(tables_); }
  const ClientTokenTable& client_tokens() const { return std::get<ClientTokenTable>(tables_); }

  const Tables& tables() const { return tables_; }
  Tables& tables() { return tables_; }

  // The table that holds records of this type.
  template <class Record>
  auto& table() {
    return table_of<Record>(tables_);
  }
  template <class Record>
  const auto& table() const {
    return table_of<Record>(tables_);
  }

 private:
  template <class Record, size_t I = 0, class T>
  static auto& table_of(T& tables) {
    if constexpr (std::is_same_v<typename std::tuple_element_t<I, Tables>::Record, Record>)
      return std::get<I>(tables);
    else
      return table_of<Record, I + 1>(tables);
  }

  Tables tables_;
};

class View {
 public:
  Revision revision() const { return revision_; }
  // Empty for a scope in which nothing was ever made.
  const Partition& in(const Scope& scope) const {
    static const Partition nothing;
    const auto found = partitions_.find(scope);
    return found == partitions_.end() ? nothing : *found->second;
  }
  const std::map<Scope, std::shared_ptr<const Partition>>& partitions() const { return partitions_; }

  // For whoever makes the next view.
  void put(const Scope& scope, std::shared_ptr<const Partition> partition) {
    partitions_[scope] = std::move(partition);
  }
  void set_revision(Revision revision) { revision_ = revision; }

 private:
  Revision revision_ = 0;
  std::map<Scope, std::shared_ptr<const Partition>> partitions_;
};

}  // namespace fl::control::state
