// Tells the control plane what became of tasks (SubmitTaskStateChange), until each change has been acknowledged. What
// is to be told is read off the task when its turn comes, and what was told is kept with the task: so nothing is lost
// over a restart, changes of one task are told in order, and those that pile up are told at once. Agent thread.
#pragma once

#include <deque>
#include <string>

#include "agent/session/acs.h"
#include "agent/session/backoff.h"
#include "agent/session/control_plane.h"
#include "agent/task/runner.h"
#include "net/stop.h"

namespace fl::agent::session {

class StateReporter {
 public:
  StateReporter(ControlPlane& control_plane, const InstanceName& instance)
      : control_plane_(control_plane), instance_(instance) {}

  // There may be something to tell of this task.
  void notify(task::Runner& runner);
  // The runner goes away.
  void forget(task::Runner& runner);

  // Returns when `stop` is requested.
  net::Task<> run(net::StopSource& stop);

 private:
  net::Task<bool> report(task::Runner& runner);

  ControlPlane& control_plane_;
  const InstanceName& instance_;
  std::deque<task::Runner*> waiting_;
  const task::Runner* current_ = nullptr;  // being told of; null when it went away meanwhile
  net::StopSource* bell_ = nullptr;
};

// What is to be told of a task now, and the note to make when it has been.
struct StateChange {
  ecs::SubmitTaskStateChangeRequest request;
  task::Runner::Told told;
};
StateChange state_change(const task::Machine& machine, const std::string& cluster);

}  // namespace fl::agent::session
