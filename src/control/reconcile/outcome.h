// How the PRIMARY deployment's tasks have fared: successes, failures, the delay before the next start, and the circuit
// breaker. Private to this folder.
//
//            three rounds of        ceil(desired / 2), at least 3,
//            failures: an event     at most 200 failures in a row
//   IN_PROGRESS ----------------------------------------------> FAILED
//        ^   a success resets all                                 |
//        |                                                        | rollback: the last COMPLETED deployment
//        +--------------- becomes PRIMARY again <-----------------+
#pragma once

#include "control/reconcile/draft.h"

namespace fl::control::reconcile {

// Counts tasks that have become RUNNING (and HEALTHY), and STOPPED ones: those that never got there are failures.
void count_outcomes(Draft& draft);

// A task is stopped because its health checks fail.
void count_unhealthy(Draft& draft, const TaskView& task);

// Trips the circuit breaker if it is due: the failures in a row have reached its threshold. `desired` is the service's.
void check_circuit_breaker(Draft& draft, int desired);
bool is_circuit_breaker_due(Draft& draft, int desired);

// The old deployment to return to: the newest that was COMPLETED.
std::optional<size_t> rollback_target(const Draft& draft);

// From when tasks may be started again; in the past: now. A clock that was set back ends the delay.
WallTime may_start_at(const DeploymentState& deployment, WallTime now);

// How many failures in a row fail a deployment. Source: ECS developer guide, "deployment circuit breaker".
int circuit_breaker_threshold(int desired);

}  // namespace fl::control::reconcile
