#include <fmt/format.h>

#include <algorithm>
#include <array>

#include "base/json.h"
#include "base/strings.h"
#include "control/api/actions/instances.h"
#include "control/api/actions/tag_rules.h"
#include "control/api/names.h"
#include "control/state/transaction.h"
#include "control/tasks/transitions.h"

namespace fl::control::api {
namespace {

constexpr std::string_view kExternal = "ecs.capability.external";

const ecs::Attribute* find_attribute(const std::vector<ecs::Attribute>& attributes, std::string_view name) {
  const auto found = std::ranges::find_if(attributes, [name](const ecs::Attribute& a) { return a.name == name; });
  return found == attributes.end() ? nullptr : &*found;
}

// What the agent says, what was put there by others before, and what an agent need not say.
std::vector<ecs::Attribute> merge_attributes(std::vector<ecs::Attribute> sent,
                                             const std::optional<std::vector<ecs::Attribute>>& before,
                                             const std::string& region, const std::string& instance_type) {
  const std::array<std::pair<std::string_view, std::string>, 4> usual{{{"ecs.availability-zone", region + "a"},
                                                                       {"ecs.os-type", "linux"},
                                                                       {"ecs.cpu-architecture", "x86_64"},
                                                                       {"ecs.instance-type", instance_type}}};
  for (ecs::Attribute& attribute : sent) {
    attribute.target_type.reset();
    attribute.target_id.reset();
  }
  if (before)
    for (const ecs::Attribute& attribute : *before)
      if (find_attribute(sent, *attribute.name) == nullptr) sent.push_back(attribute);
  for (const auto& [name, value] : usual)
    if (find_attribute(sent, name) == nullptr) sent.push_back({.name = std::string(name), .value = value});
  return sent;
}

std::vector<ecs::Resource> complete_resources(std::vector<ecs::Resource> sent) {
  for (const std::string_view name : {"CPU", "MEMORY", "PORTS", "PORTS_UDP"}) {
    if (std::ranges::any_of(sent, [name](const ecs::Resource& r) { return r.name == name; })) continue;
    ecs::Resource& added = sent.emplace_back();
    added.name = std::string(name);
    added.type = name.starts_with("PORTS") ? "STRINGSET" : "INTEGER";
    if (name.starts_with("PORTS"))
      added.string_set_value.emplace();
    else
      added.integer_value = 0;
  }
  for (ecs::Resource& resource : sent) {
    if (!resource.integer_value) resource.integer_value = 0;
    resource.double_value = 0.0;
    resource.long_value = 0;
  }
  return sent;
}

// What EC2's instance identity document says of the machine; an external one sends none.
struct IdentityDocument {
  std::string instance_id, instance_type, private_ip;
};
IdentityDocument read_document(const ecs::RegisterContainerInstanceRequest& request) {
  const auto document = json::parse(ecs::text(request.instance_identity_document));
  if (!document || document->if_object() == nullptr) return {};
  return {std::string(document->string_at("instanceId")), std::string(document->string_at("instanceType")),
          std::string(document->string_at("privateIp"))};
}

// The instance's id of the machine: mi-... of an external one, which the caller's session is named after when it
// registered with ssm; i-... of the identity document, or made up.
std::string machine_id(const WriteCall& call, const IdentityDocument& document, bool is_external) {
  const std::string_view session = std::string_view(call.caller.arn).substr(call.caller.arn.rfind('/') + 1);
  if (session.starts_with("mi-")) return std::string(session);
  if (!document.instance_id.empty()) return document.instance_id;
  return (is_external ? "mi-" : "i-") + call.transaction.ids().id().substr(0, 17);
}

void put_managed_instance(const WriteCall& call, const state::ContainerInstance& instance) {
  state::Transaction& tx = call.transaction;
  const state::ManagedInstance* known = tx.state().managed_instances().find({instance.managed_instance});
  state::ManagedInstance machine = known == nullptr ? state::ManagedInstance() : *known;
  machine.id = instance.managed_instance;
  machine.ip_address = instance.ip_address;
  machine.last_ping_at = tx.now();
  if (known == nullptr) {
    machine.registered_at = tx.now();
    machine.platform_type = "Linux";
    machine.computer_name = machine.id;
  }
  tx.put(std::move(machine));
}

}  // namespace

Answer<ecs::RegisterContainerInstanceResponse> register_container_instance(
    const WriteCall& call, const ecs::RegisterContainerInstanceRequest& request) {
  state::Transaction& tx = call.transaction;
  const auto cluster = find_cluster(tx.scope(), tx.state(), request.cluster);
  if (!cluster) return client_exception("Cluster not found.");  // the agent makes it then, if it may
  FL_TRY(std::vector<ecs::Tag> tags, new_tags(request.tags));

  state::ContainerInstance instance;
  const bool is_known = request.container_instance_arn && !request.container_instance_arn->empty();
  if (is_known) {
    const auto* found = find_instance(tx.scope(), tx.state(), (*cluster)->name, *request.container_instance_arn);
    if (found == nullptr || found->shape.status == "INACTIVE")
      return invalid_parameter("The referenced container instance was not found.");
    instance = *found;
  } else {
    instance.cluster = (*cluster)->name;
    instance.id = tx.ids().id();
    instance.shape.container_instance_arn = instance_arn(tx.scope(), instance.cluster, instance.id);
    instance.shape.registered_at = tx.now();
    instance.shape.status = "ACTIVE";
    instance.shape.attachments.emplace();
    instance.shape.tags = std::move(tags);
  }
  // Its agent connects next; until it has had time to, tasks may be placed already.
  instance.shape.agent_connected = true;
  instance.disconnected_at.reset();
  const auto sent = request.attributes.value_or(std::vector<ecs::Attribute>());
  const bool is_external = find_attribute(sent, kExternal) != nullptr;
  ecs::ContainerInstance& shape = instance.shape;
  const IdentityDocument document = read_document(request);
  if (!is_known) shape.ec2_instance_id = machine_id(call, document, is_external);
  shape.attributes = merge_attributes(sent, shape.attributes, tx.scope().region,
                                      document.instance_type.empty() ? "external" : document.instance_type);
  if (request.total_resources)
    shape.registered_resources = complete_resources(*request.total_resources);
  else if (!shape.registered_resources)
    shape.registered_resources = complete_resources({});
  if (request.version_info) shape.version_info = request.version_info;
  if (!shape.version_info) shape.version_info.emplace();
  shape.version = shape.version.value_or(0) + 1;
  if (!document.private_ip.empty())
    instance.ip_address = document.private_ip;
  else if (!call.source_ip.empty())
    instance.ip_address = std::string(call.source_ip);
  if (ecs::text(shape.ec2_instance_id).starts_with("mi-")) {
    instance.managed_instance = *shape.ec2_instance_id;
    put_managed_instance(call, instance);
  }
  ecs::RegisterContainerInstanceResponse response{.container_instance = describe(tx.state(), instance, true)};
  tx.put(std::move(instance));
  return response;
}

Answer<ecs::DeregisterContainerInstanceResponse> deregister_container_instance(
    const WriteCall& call, const ecs::DeregisterContainerInstanceRequest& request) {
  state::Transaction& tx = call.transaction;
  FL_TRY(const state::Cluster* cluster, find_cluster(tx.scope(), tx.state(), request.cluster));
  const auto* found = find_instance(tx.scope(), tx.state(), cluster->name, request.container_instance.value_or(""));
  if (found == nullptr) return invalid_parameter("The referenced container instance was not found.");
  state::ContainerInstance instance = *found;
  std::vector<state::Task> orphans;
  for (const auto& task : tx.state().tasks().by<state::task::ByInstance>().range(
           std::tuple<state::Text, state::Text>(cluster->name, instance.id)))
    if (!tasks::is_stopped(*task)) orphans.push_back(*task);
  if (!orphans.empty() && !request.force.value_or(false))
    return invalid_parameter("Found running tasks on the instance.");
  // Their containers run on, but nobody hears of them any more; services replace them.
  for (state::Task& task : orphans) {
    (void)tasks::order_stop(
        task,
        {.reason = fmt::format("Container instance {} deregistered", *instance.shape.container_instance_arn),
         .code = "TerminationNotice"},
        tx.now());
    tasks::mark_stopped(task, tx.now());
    tx.put(std::move(task));
  }
  instance.shape.status = "INACTIVE";
  instance.shape.agent_connected = false;
  instance.shape.version = instance.shape.version.value_or(0) + 1;
  instance.disconnected_at = tx.now();
  ecs::DeregisterContainerInstanceResponse response{.container_instance = describe(tx.state(), instance, true)};
  tx.put(std::move(instance));
  return response;
}

}  // namespace fl::control::api
