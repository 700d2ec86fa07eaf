// A container asks for its task's scale-in protection, or sets it: the body of $ECS_AGENT_URI/task-protection/v1/state,
// in the words of the genuine agent. Knows neither HTTP nor runners. Agent thread.
#pragma once

#include <memory>
#include <optional>
#include <string>

#include "agent/session/control_plane.h"
#include "aws/credentials.h"
#include "base/json.h"
#include "net/task.h"

namespace fl::agent::metadata {

struct ProtectionCall {
  std::string task_arn, cluster_arn;
  std::unique_ptr<aws::CredentialSource> role;  // of the task; null: the agent's own credentials sign
  std::optional<std::string> change;            // what was PUT: {"ProtectionEnabled": true, "ExpiresInMinutes": 60}
};

struct ProtectionAnswer {
  uint16_t status = 200;
  json::Value body;  // one of "protection", "failure", "error"
};

// Source: ECS developer guide, "Task scale-in protection endpoint".
net::Task<ProtectionAnswer> task_protection(session::ControlPlane& control_plane, ProtectionCall call);

}  // namespace fl::agent::metadata
