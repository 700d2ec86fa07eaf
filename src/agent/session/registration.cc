#include "agent/session/registration.h"

#include <fmt/format.h>
#include <sched.h>
#include <unistd.h>

#include <algorithm>

#include "base/json.h"

namespace fl::agent::session {
namespace {

// What this agent itself brings, whatever the engine. As the genuine agent names it.
constexpr std::string_view kCapabilities[] = {
    "com.amazonaws.ecs.capability.task-iam-role",
    "ecs.capability.container-health-check",
    "ecs.capability.container-ordering",
    "ecs.capability.container-restart-policy",
    "ecs.capability.full-sync",
};

ecs::Attribute attribute(std::string_view name, std::string_view value = {}) {
  ecs::Attribute out;
  out.name = name;
  if (!value.empty()) out.value = value;
  return out;
}

ecs::Resource integer_resource(std::string_view name, int64_t value) {
  ecs::Resource out;
  out.name = name;
  out.type = "INTEGER";
  out.integer_value = static_cast<int32_t>(value);
  return out;
}

ecs::Resource port_resource(std::string_view name, const std::vector<uint16_t>& ports) {
  ecs::Resource out;
  out.name = name;
  out.type = "STRINGSET";
  out.string_set_value.emplace();
  for (const uint16_t port : ports) out.string_set_value->push_back(std::to_string(port));
  return out;
}

constexpr std::string_view architecture() {
#if defined(__aarch64__)
  return "arm64";
#else
  return "x86_64";
#endif
}

// The document EC2 gives its instances, as far as a control plane reads it. Not signed: only Amazon could.
std::string identity_document(const RegistrationOptions& options, const Identity& identity) {
  return json::to_text(json::Object{{"instanceId", identity.instance_id},
                                    {"privateIp", options.address},
                                    {"region", options.region},
                                    {"availabilityZone", options.availability_zone},
                                    {"instanceType", "fairlead"},
                                    {"architecture", architecture()}});
}

}  // namespace

Machine this_machine() {
  Machine machine;
  cpu_set_t set;
  if (::sched_getaffinity(0, sizeof set, &set) == 0) machine.cores = CPU_COUNT(&set);
  machine.memory = int64_t{::sysconf(_SC_PHYS_PAGES)} * ::sysconf(_SC_PAGESIZE) >> 20;
  return machine;
}

ecs::RegisterContainerInstanceRequest registration(const RegistrationOptions& options,
                                                   const engine::EngineFacts& engine, const Machine& machine,
                                                   const Identity& identity) {
  ecs::RegisterContainerInstanceRequest request;
  request.cluster = options.cluster;
  if (!identity.container_instance_arn.empty()) request.container_instance_arn = identity.container_instance_arn;
  request.instance_identity_document = options.is_external ? "" : identity_document(options, identity);
  request.instance_identity_document_signature = "";
  request.total_resources =
      std::vector{integer_resource("CPU", machine.cores * 1024),
                  integer_resource("MEMORY", std::max<int64_t>(machine.memory - options.reserved_memory, 0)),
                  port_resource("PORTS", options.reserved_ports), port_resource("PORTS_UDP", {})};
  ecs::VersionInfo version;
  version.agent_version = kAgentVersion;
  version.agent_hash = kAgentHash;
  version.docker_version =
      fmt::format("{}: {}", engine.name == "docker" ? "DockerVersion" : engine.name, engine.version);
  request.version_info = std::move(version);

  std::vector<ecs::Attribute> attributes;
  for (const auto& [name, value] : options.attributes) attributes.push_back(attribute(name, value));
  for (const std::string_view name : kCapabilities) attributes.push_back(attribute(name));
  for (const std::string& name : engine.capabilities) attributes.push_back(attribute(name));
  if (options.is_external) attributes.push_back(attribute("ecs.capability.external"));
  attributes.push_back(attribute("ecs.os-type", "linux"));
  attributes.push_back(attribute("ecs.os-family", "LINUX"));
  attributes.push_back(attribute("ecs.cpu-architecture", architecture()));
  attributes.push_back(attribute("fairlead.engine", engine.name));
  if (!options.availability_zone.empty())
    attributes.push_back(attribute("ecs.availability-zone", options.availability_zone));
  request.attributes = std::move(attributes);
  return request;
}

}  // namespace fl::agent::session
