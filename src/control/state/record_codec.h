// Records <-> JSON text, as the store keeps them. Members that hold what a new record holds are left out, so a field
// that is added later reads as its default from what was written before. Pure; any thread.
#pragma once

#include <string>
#include <string_view>

#include "base/result.h"
#include "control/state/records.h"

namespace fl::control::state {

// What the store and the watch call a record's kind.
enum class Kind : uint8_t {
  cluster,
  task_definition_family,
  task_definition,
  service,
  service_event,
  task,
  container_instance,
  account_setting,
  activation,
  managed_instance,
  client_token,
  capacity_provider,
};

std::string_view kind_name(Kind kind);

template <class Record>
constexpr Kind kind_of();
template <>
constexpr Kind kind_of<Cluster>() {
  return Kind::cluster;
}
template <>
constexpr Kind kind_of<TaskDefinitionFamily>() {
  return Kind::task_definition_family;
}
template <>
constexpr Kind kind_of<TaskDefinition>() {
  return Kind::task_definition;
}
template <>
constexpr Kind kind_of<Service>() {
  return Kind::service;
}
template <>
constexpr Kind kind_of<ServiceEvent>() {
  return Kind::service_event;
}
template <>
constexpr Kind kind_of<Task>() {
  return Kind::task;
}
template <>
constexpr Kind kind_of<ContainerInstance>() {
  return Kind::container_instance;
}
template <>
constexpr Kind kind_of<AccountSetting>() {
  return Kind::account_setting;
}
template <>
constexpr Kind kind_of<Activation>() {
  return Kind::activation;
}
template <>
constexpr Kind kind_of<ManagedInstance>() {
  return Kind::managed_instance;
}
template <>
constexpr Kind kind_of<CapacityProvider>() {
  return Kind::capacity_provider;
}
template <>
constexpr Kind kind_of<ClientToken>() {
  return Kind::client_token;
}

// Defined for each of the record types.
template <class Record>
std::string to_text(const Record& record);
// Errors: invalid, naming the member.
template <class Record>
Result<Record> from_text(std::string_view text);

}  // namespace fl::control::state
