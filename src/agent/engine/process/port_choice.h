// Where the ports of a process container are: on the address of its task (awsvpc), or on the instance's, with a free
// port of a range where the definition names none. What is chosen was free a moment ago; nothing holds it until the
// container listens. Agent thread; the engine's.
#pragma once

#include <cstdint>
#include <functional>
#include <set>
#include <string>
#include <string_view>
#include <vector>

#include "agent/engine/engine.h"
#include "base/result.h"

namespace fl::agent::engine::process {

class PortChoice {
 public:
  // `agent` says where in the range to begin: two agents of one machine that both began at its first port would choose
  // the same one as free, and one of their containers could not listen.
  PortChoice(std::string instance_address, uint16_t first, uint16_t last, std::string_view agent);

  // An address of 127.64.0.0/10 for a task, not one of `taken`, on which nobody uses the ports; for the same task the
  // same as long as it is free. Errors: exhausted.
  static Result<std::string> task_address(std::string_view task_id, const std::vector<PortMapping>& ports,
                                          const std::set<std::string>& taken);

  // Binds `ports` in their order. `task_address`: empty for bridge and host. `before`: what the container had when it
  // ran last; it gets that again where it is free. `is_ours`: a running container has it, whether it listens yet or
  // not. Errors: conflict for a fixed port that is taken; exhausted.
  Result<std::vector<PortBinding>> bind(NetworkMode mode, const std::string& task_address,
                                        const std::vector<PortMapping>& ports, const std::vector<PortBinding>& before,
                                        const std::function<bool(const PortBinding&)>& is_ours);

 private:
  uint16_t take_next();

  const std::string instance_address_;
  const uint16_t first_, last_;
  uint16_t next_;
};

}  // namespace fl::agent::engine::process
