// What the engine keeps of a container in record.json, from create() to remove(); with it an agent that starts later
// knows the container. A value. Agent thread.
#pragma once

#include <csignal>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "agent/engine/engine.h"
#include "agent/engine/process/shim.h"
#include "base/result.h"

namespace fl::agent::engine::process {

struct ContainerRecord {
  std::string name, task_id;
  std::string built_in;  // NAME of fairlead/NAME; empty: a command of the host
  NetworkMode network_mode = NetworkMode::bridge;
  std::vector<PortMapping> ports;
  int stop_signal = SIGTERM;
  int64_t memory_bytes = 0, cpu_shares = 0;
  LaunchSpec launch;                  // without what start_spec() adds
  std::vector<PortBinding> bindings;  // decided when it is started
  std::string address;                // of its task (awsvpc)
};

std::string encode(const ContainerRecord& record);
Result<ContainerRecord> decode_container_record(std::string_view text);

}  // namespace fl::agent::engine::process
