// An agent on a machine that ssm knows (ECS Anywhere): it comes by an activation once and has keys of its own from then
// on. Agent thread.
#pragma once

#include <string>

#include "agent/session/control_plane.h"
#include "base/result.h"
#include "net/loop.h"
#include "net/task.h"

namespace fl::agent {

struct Activation {
  std::string id, code;  // ssm CreateActivation; both empty: none
};

// From now on `control_plane` is called with the machine's keys, where there is an activation or was one before: what
// it gave is in `data_directory`. -> whether it is such a machine. Waits for a control plane that does not answer.
// Errors: what is wrong with the activation, a directory that cannot be used; canceled.
net::Task<Result<bool>> become_machine(net::Loop& loop, session::ControlPlane& control_plane,
                                       std::string data_directory, Activation activation);

}  // namespace fl::agent
