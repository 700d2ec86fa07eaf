// The service scheduler: what is and what is wanted -> what to do next. Pure: the same view gives the same plan, but
// for the ids of new tasks. Covers REPLICA and DAEMON services, rolling deployments, the circuit breaker, throttling of
// tasks that do not start, health, draining and lost instances, and the events that tell of it all.
//
// When to call, for a service: after any change of its record, its deployments or one of its tasks (status, health,
// desired status); after any change of an instance of its cluster (registered, removed, status, agent connection,
// attributes), or a task of another service that ended, while a placement of it has failed
// (ServiceState::placement_failure); and at Plan::next_wakeup. Calling too often costs time and changes nothing.
// Services of a cluster are planned one after another on the same Capacity.
#pragma once

#include "control/reconcile/plan.h"
#include "control/reconcile/view.h"

namespace fl::control::reconcile {

Plan reconcile(const ServiceView& service, const ClusterView& cluster, WallTime now);

}  // namespace fl::control::reconcile
