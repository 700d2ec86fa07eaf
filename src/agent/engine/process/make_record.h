// From what a task asks of a container to what a process of this machine gets; what cannot be honoured is refused with
// its name. Pure; agent thread.
#pragma once

#include <string>
#include <string_view>

#include "agent/engine/process/container_record.h"

namespace fl::agent::engine::process {

// Errors: not_found for an image that is neither built in nor `host`.
Result<> check_image(std::string_view image);

struct Place {
  std::string id;              // of the container
  std::string program;         // what fairlead/... images run: fairlead itself
  std::string work_directory;  // unless the definition names one
};

// Errors: what the engine cannot honour, or does not understand.
Result<ContainerRecord> make_record(const ContainerSpec& spec, const Place& place);

// spec.json: the launch, and where the process is to listen, now that its bindings are known.
LaunchSpec start_spec(const ContainerRecord& record);

}  // namespace fl::agent::engine::process
