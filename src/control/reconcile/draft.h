// A plan in the making: one pass over one service. Lives for one call of reconcile(); private to this folder.
#pragma once

#include <fmt/format.h>

#include <string>
#include <vector>

#include "control/reconcile/plan.h"
#include "control/reconcile/view.h"

namespace fl::control::reconcile {

struct Draft {
  Draft(const ServiceView& seen, const ClusterView& around, WallTime at);

  DeploymentState& primary_state() { return states[primary]; }
  const DeploymentView& primary_deployment() const { return service.deployments[primary]; }

  // An event of the service: "(service web) " and the message.
  void tell(std::string_view message) { plan.events.push_back(fmt::format("(service {}) {}", service.name, message)); }
  // The same of one of its deployments.
  void tell_of(size_t deployment, std::string_view message) {
    tell(fmt::format("(deployment {}) {}", service.deployments[deployment].id, message));
  }
  void wake_at(WallTime at);

  // Ids for new tasks.
  std::vector<std::string> make_task_ids(size_t count);
  // A task of the PRIMARY deployment, which is in the capacity already.
  void start(std::string id, std::string instance);
  // Scaling in, rolling on, draining: what AWS calls a scaling activity of the task's deployment.
  void stop(const TaskView& task);
  void stop_unhealthy(const TaskView& task);

  // Writes into the plan what has changed of the states.
  void finish();

  const ServiceView& service;
  const ClusterView& cluster;
  const WallTime now;
  size_t primary = 0;  // index of the PRIMARY deployment
  std::vector<DeploymentState> states;
  ServiceState state;
  Plan plan;
};

}  // namespace fl::control::reconcile
