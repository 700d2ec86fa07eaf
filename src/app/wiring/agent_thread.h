// The agent on a thread and loop of its own, for a process that is more than an agent. Made and ended by main.
#pragma once

#include <optional>
#include <thread>

#include "base/result.h"
#include "config/fields.h"
#include "config/static/agent.h"
#include "net/loop.h"
#include "net/stop.h"

namespace fl::app {

class AgentThread {
 public:
  // Begins at once. An agent that cannot begin says so in the log; stop() tells why.
  AgentThread(config::statics::Agent options, config::Map<std::string> environment);
  ~AgentThread();

  // Ends the agent and waits for it. -> how it ended
  Result<> stop();

 private:
  void run();

  const config::statics::Agent options_;
  const config::Map<std::string> environment_;
  net::Loop loop_;
  net::StopSource stop_;           // agent's thread
  std::optional<Result<>> ended_;  // agent's thread, until joined
  std::thread thread_;
};

}  // namespace fl::app
