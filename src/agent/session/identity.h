// Who this agent is to the control plane, kept in DATA/agent.json: a restart or an upgrade is the same container
// instance. Value; agent thread.
#pragma once

#include <string>

#include "base/result.h"

namespace fl::agent::session {

struct Identity {
  std::string instance_id;  // i-17 hex digits, made up once; an external machine has its mi-... in machine.json
  std::string container_instance_arn;  // empty: not registered yet
  std::string cluster;                 // that the ARN is of
  uint16_t metadata_port = 0;          // so that the addresses containers know stay true

  static std::string new_instance_id();
};

// What is there, or a new one when there is none. Errors: a file that cannot be read or understood, with its name.
Result<Identity> load_identity(const std::string& path);
Result<> save_identity(const std::string& path, const Identity& identity);

}  // namespace fl::agent::session
