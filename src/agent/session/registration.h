// RegisterContainerInstance: what this machine is and offers. Pure but for reading the machine.
#pragma once

#include <map>
#include <string>
#include <vector>

#include "agent/engine/engine.h"
#include "agent/session/identity.h"
#include "ecs/generated/ecs_shapes.h"

namespace fl::agent::session {

struct RegistrationOptions {
  std::string cluster;
  std::string region, availability_zone;
  std::string address;                            // where the instance's tasks are reached
  std::map<std::string, std::string> attributes;  // of the user's own
  int64_t reserved_memory = 0;                    // MiB that tasks do not get
  std::vector<uint16_t> reserved_ports;
  bool is_external = false;
};

// What the machine has: MiB and cores that this process may use.
struct Machine {
  int64_t cores = 1, memory = 0;
};
Machine this_machine();

ecs::RegisterContainerInstanceRequest registration(const RegistrationOptions& options,
                                                   const engine::EngineFacts& engine, const Machine& machine,
                                                   const Identity& identity);

inline constexpr std::string_view kAgentVersion = FL_VERSION;
inline constexpr std::string_view kAgentHash = "fairlead";

}  // namespace fl::agent::session
