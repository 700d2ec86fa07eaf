#include "control/runner/capacities.h"

#include <algorithm>

#include "base/strings.h"
#include "control/tasks/demand.h"
#include "control/tasks/transitions.h"

namespace fl::control::runner {
namespace {

void add_ports(const ecs::Resource& resource, schedule::HostPort::Protocol protocol, schedule::Resources& out) {
  if (!resource.string_set_value) return;
  for (const std::string& text : *resource.string_set_value)
    if (const auto port = parse_uint(text); port && *port <= 65535)
      out.ports.push_back({static_cast<uint16_t>(*port), protocol});
}

schedule::Resources registered(const state::ContainerInstance& instance) {
  schedule::Resources out;
  if (!instance.shape.registered_resources) return out;
  for (const ecs::Resource& resource : *instance.shape.registered_resources) {
    if (resource.name == "CPU") out.cpu = resource.integer_value.value_or(0);
    if (resource.name == "MEMORY") out.memory = resource.integer_value.value_or(0);
    if (resource.name == "GPU" && resource.string_set_value)
      out.gpus = static_cast<int64_t>(resource.string_set_value->size());
    if (resource.name == "PORTS") add_ports(resource, schedule::HostPort::Protocol::tcp, out);
    if (resource.name == "PORTS_UDP") add_ports(resource, schedule::HostPort::Protocol::udp, out);
  }
  return out;
}

// The key of a task or an instance: "cluster/id".
std::string_view id_in(std::string_view key) { return key.substr(key.rfind('/') + 1); }

}  // namespace

schedule::InstanceView to_view(const state::ContainerInstance& instance) {
  const auto status = ecs::text(instance.shape.status);
  schedule::InstanceView out{
      .id = instance.id,
      .status = status == "ACTIVE"     ? schedule::InstanceStatus::active
                : status == "DRAINING" ? schedule::InstanceStatus::draining
                                       : schedule::InstanceStatus::other,
      .agent_connected = instance.shape.agent_connected.value_or(false),
      .disconnected_since = instance.disconnected_at,
      .agent_version = instance.shape.version_info ? instance.shape.version_info->agent_version.value_or("") : "",
      .ec2_instance_id = instance.shape.ec2_instance_id.value_or(""),
      .registered_at = instance.shape.registered_at.value_or(WallTime{}),
      .registered = registered(instance)};
  if (instance.shape.attributes)
    for (const ecs::Attribute& attribute : *instance.shape.attributes)
      out.attributes.push_back({attribute.name.value_or(""), attribute.value.value_or("")});
  std::ranges::sort(out.attributes, {}, &schedule::Attribute::name);
  return out;
}

schedule::PlacedTask to_placed(const state::Task& task) {
  return {.id = task.id,
          .instance = task.instance,
          .group = task.shape.group.value_or(""),
          .family = task.family,
          .resources = tasks::to_resources(task.reservation)};
}

schedule::Capacity& Capacities::of(const state::Transaction& transaction, const std::string& cluster) {
  const Key key(transaction.scope(), cluster);
  touched_.insert(key);
  auto& capacity = clusters_[key];
  if (capacity != nullptr) return *capacity;
  capacity = std::make_unique<schedule::Capacity>();
  const state::Partition& state = transaction.state();
  for (const auto& instance : state.instances().all().range(std::tuple<state::Text>(cluster)))
    if (instance->shape.status != "INACTIVE") capacity->put_instance(to_view(*instance));
  for (const auto& task : state.tasks().all().range(std::tuple<state::Text>(cluster)))
    if (!tasks::is_stopped(*task)) capacity->put_task(to_placed(*task));
  return *capacity;
}

void Capacities::on_accepted(const state::Transaction& transaction) {
  touched_.clear();
  for (const state::Change& change : transaction.changes()) {
    if (change.kind != state::Kind::task && change.kind != state::Kind::container_instance) continue;
    const auto found = clusters_.find({transaction.scope(), change.cluster});
    if (found == clusters_.end()) continue;
    schedule::Capacity& capacity = *found->second;
    const std::string_view id = id_in(change.key);
    if (change.kind == state::Kind::task) {
      const state::Task* task = transaction.state().tasks().find({change.cluster, id});
      if (task == nullptr || tasks::is_stopped(*task))
        capacity.remove_task(id);
      else if (capacity.find_task(id) == nullptr)
        capacity.put_task(to_placed(*task));
    } else {
      const state::ContainerInstance* instance = transaction.state().instances().find({change.cluster, id});
      if (instance == nullptr || instance->shape.status == "INACTIVE")
        capacity.remove_instance(id);
      else
        capacity.put_instance(to_view(*instance));
    }
  }
}

void Capacities::on_dropped() {
  for (const Key& key : touched_) clusters_.erase(key);
  touched_.clear();
}

}  // namespace fl::control::runner
