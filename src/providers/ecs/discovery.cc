#include "providers/ecs/discovery.h"

#include <fmt/format.h>

#include <algorithm>
#include <string_view>
#include <tuple>

#include "base/strings.h"

namespace fl::providers::ecs {
namespace {

using fl::ecs::Task;

bool is_port(int64_t port) { return port > 0 && port <= 65535; }

bool has_routable_protocol(const std::optional<std::string>& protocol) {
  return !protocol || protocol->empty() || iequals(*protocol, "tcp") || iequals(*protocol, "udp");
}

// "8000-8005" -> 8000 and 6 ports; {0, 0} for anything else.
std::pair<int64_t, int64_t> read_range(std::string_view text) {
  const size_t dash = text.find('-');
  const auto first = parse_int(text.substr(0, dash));
  const auto last = dash == text.npos ? first : parse_int(text.substr(dash + 1));
  if (!first || !last || !is_port(*first) || !is_port(*last) || *last < *first) return {0, 0};
  return {*first, *last - *first + 1};
}

void add_port(std::vector<container::PortMapping>& ports, int64_t container_port, int64_t host, int64_t count) {
  if (!is_port(container_port) || (host != 0 && !is_port(host))) return;
  if (!is_port(count) || container_port + count > 65536 || host + count > 65536) return;
  ports.push_back({.container_port = static_cast<uint16_t>(container_port),
                   .host_port = static_cast<uint16_t>(host),
                   .count = static_cast<uint16_t>(count)});
}

std::vector<container::PortMapping> bound_ports(const fl::ecs::Container& container,
                                                const Definition::Container& spec) {
  std::vector<container::PortMapping> ports;
  for (const auto& binding : container.network_bindings.value_or(std::vector<fl::ecs::NetworkBinding>())) {
    if (!has_routable_protocol(binding.protocol)) continue;
    if (binding.container_port_range) {
      const auto [first, count] = read_range(*binding.container_port_range);
      const auto [host, host_count] = read_range(binding.host_port_range.value_or(""));
      if (count == host_count) add_port(ports, first, host, count);
    } else if (binding.host_port && *binding.host_port != 0) {
      add_port(ports, binding.container_port.value_or(*binding.host_port), *binding.host_port, 1);
    }
  }
  if (!ports.empty()) return ports;
  // Fixed ports are known without the agent's word.
  std::ranges::copy_if(spec.ports, std::back_inserter(ports), [](const auto& p) { return p.host_port != 0; });
  return ports;
}

bool is_eni(const fl::ecs::Attachment& attachment) {
  return attachment.type == "ElasticNetworkInterface" || attachment.type == "eni";
}

std::string_view detail(const fl::ecs::Attachment& attachment, std::string_view name) {
  if (attachment.details)
    for (const auto& pair : *attachment.details)
      if (pair.name == name && pair.value) return *pair.value;
  return {};
}

// The address of the task's own network interface; empty when it has none. Attachments of other kinds (volumes) say
// nothing about addresses.
std::string own_address(const Task& task, const fl::ecs::Container* container) {
  if (container != nullptr && container->network_interfaces)
    for (const auto& interface : *container->network_interfaces) {
      if (interface.private_ipv4_address && !interface.private_ipv4_address->empty())
        return *interface.private_ipv4_address;
      if (interface.ipv6_address && !interface.ipv6_address->empty()) return *interface.ipv6_address;
    }
  if (task.attachments)
    for (const auto& attachment : *task.attachments)
      if (is_eni(attachment))
        for (const auto name : {"privateIPv4Address", "ipv6Address"})
          if (const auto address = detail(attachment, name); !address.empty()) return std::string(address);
  return {};
}

// An absent status of a container is its task's.
bool is_running(const Task& task, const fl::ecs::Container& container) {
  const auto& status = container.last_status ? container.last_status : task.last_status;
  return iequals(status.value_or("RUNNING"), "RUNNING") && container.health_status != "UNHEALTHY";
}

bool is_wanted(const Task& task, bool healthy_tasks_only) {
  if (task.desired_status && *task.desired_status != "RUNNING") return false;
  if (task.last_status && *task.last_status != "RUNNING") return false;
  return healthy_tasks_only ? task.health_status == "HEALTHY" : task.health_status != "UNHEALTHY";
}

// "service:web" and "app" -> "service-web-app"
std::string service_name(const Task& task, std::string_view container) {
  std::string group = task.group.value_or("");
  if (const size_t colon = group.find(':'); colon != group.npos) group[colon] = '-';
  return fmt::format("{}-{}", group, container);
}

class Discovery {
 public:
  explicit Discovery(const ClusterFacts& facts) : facts_(facts) {}

  Discovered run(bool healthy_tasks_only) {
    for (const Task& task : facts_.tasks)
      if (is_wanted(task, healthy_tasks_only)) add_task(task);
    // The same facts in any order (calls at once come back as they like) are the same result.
    std::ranges::sort(out_.instances, {}, [](const auto& i) { return std::tie(i.name, i.id); });
    std::ranges::sort(out_.issues, {}, &config::Issue::where);
    return std::move(out_);
  }

 private:
  void add_task(const Task& task) {
    const auto definition = facts_.definitions.find(task.task_definition_arn.value_or(""));
    if (definition == facts_.definitions.end()) {
      out_.without_definition.push_back(instance_id(task));
      return;
    }
    if (!task.containers) return;
    for (const auto& container : *task.containers) {
      const auto& specs = definition->second->containers;
      const auto spec = std::ranges::find(specs, container.name.value_or(""), &Definition::Container::name);
      if (spec != specs.end() && is_running(task, container))
        add_container(task, *definition->second, container, *spec);
    }
  }

  void add_container(const Task& task, const Definition& definition, const fl::ecs::Container& container,
                     const Definition::Container& spec) {
    container::Instance instance{.name = service_name(task, spec.name),
                                 .id = instance_id(task),
                                 .origin = definition.family,
                                 .revision = definition.revision,
                                 .labels = spec.labels};
    if (has_own_address(task, definition)) {
      instance.ip = own_address(task, &container);
      instance.ports = spec.ports;
    } else {
      const auto id = facts_.machine_ids.find(task.container_instance_arn.value_or(""));
      const auto machine = id == facts_.machine_ids.end() ? facts_.machines.end() : facts_.machines.find(id->second);
      if (machine == facts_.machines.end())
        return skip(instance, fmt::format("Unable to find container instance information for {}",
                                          task.container_instance_arn.value_or("a task without one")));
      if (!machine->second.is_running) return;
      instance.ip = machine->second.ip;
      instance.ports = bound_ports(container, spec);
    }
    if (instance.ip.empty()) return skip(instance, "has no IP address");
    out_.instances.push_back(std::move(instance));
  }

  void skip(const container::Instance& instance, std::string text) {
    out_.issues.push_back({.severity = config::Severity::warning,
                           .where = fmt::format("{}-{}", instance.name, instance.id),
                           .text = std::move(text)});
  }

  const ClusterFacts& facts_;
  Discovered out_;
};

}  // namespace

Definition make_definition(const fl::ecs::TaskDefinition& definition) {
  Definition out{.family = definition.family.value_or(""),
                 .revision = definition.revision.value_or(0),
                 .is_awsvpc = definition.network_mode == "awsvpc"};
  const bool is_mapped = !out.is_awsvpc && definition.network_mode != "host";  // host ports differ from container ports
  if (!definition.container_definitions) return out;
  for (const auto& spec : *definition.container_definitions) {
    auto& container = out.containers.emplace_back();
    container.name = spec.name.value_or("");
    const auto labels = spec.docker_labels.value_or(std::map<std::string, std::string>());
    container.labels = container::make_labels(container::Labels(labels.begin(), labels.end()));
    if (!spec.port_mappings) continue;
    for (const auto& mapping : *spec.port_mappings) {
      if (!has_routable_protocol(mapping.protocol)) continue;
      const auto [first, count] = mapping.container_port_range
                                      ? read_range(*mapping.container_port_range)
                                      : std::pair<int64_t, int64_t>(mapping.container_port.value_or(0), 1);
      const int64_t fixed = mapping.container_port_range ? 0 : mapping.host_port.value_or(0);
      add_port(container.ports, first, is_mapped ? fixed : first, count);
    }
  }
  return out;
}

Machine make_machine(const aws::ec2::Instance& instance) {
  return {.ip = instance.private_ip_address ? *instance.private_ip_address : instance.ipv6_address.value_or(""),
          .is_running = instance.state && instance.state->name == "running"};
}

Machine make_machine(const aws::ssm::InstanceInformation& information) {
  return {.ip = information.ip_address.value_or(""), .is_running = true};
}

Discovered discover(const ClusterFacts& facts, bool healthy_tasks_only) {
  return Discovery(facts).run(healthy_tasks_only);
}

bool has_own_address(const Task& task, const Definition& definition) {
  if (!definition.is_awsvpc) return false;
  const bool has_eni = task.attachments && std::ranges::any_of(*task.attachments, is_eni);
  const bool has_interface = task.containers && std::ranges::any_of(*task.containers, [](const auto& c) {
                               return c.network_interfaces && !c.network_interfaces->empty();
                             });
  return has_eni || has_interface || !task.container_instance_arn;
}

std::string instance_id(const Task& task) {
  const std::string arn = task.task_arn.value_or("");
  return arn.substr(arn.size() - std::min<size_t>(12, arn.size()));
}

}  // namespace fl::providers::ecs
