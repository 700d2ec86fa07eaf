// Placing ECS tasks on a cluster's instances, and choosing which to stop. Pure but for the Capacity it is given, where
// each task placed is entered at once. Order of work, as ECS documents it: resources and attributes, constraints,
// strategies one after another, each narrowing the ties of the one before.
#pragma once

#include <span>
#include <string>
#include <vector>

#include "control/schedule/capacity.h"

namespace fl::control::schedule {

// Places one task for each id, best instance first, until one finds no room. Costs about log(instances) a task after
// one look at every instance.
PlacementResult place(Capacity& capacity, const TaskDemand& demand, std::span<const std::string> ids, Random& random);

// Whether the instance could take the task now; what stands in the way if not. StartTask and DAEMON services choose the
// instance themselves, then enter the task with Capacity::put_task().
std::optional<Misfit> misfit(const Capacity::Instance& instance, const TaskDemand& demand);

// The same without what other tasks take: ACTIVE, connected, attributes, memberOf. A DAEMON service wants a task there.
bool is_eligible(const Capacity::Instance& instance, const TaskDemand& demand);

// Every instance that cannot take the task, with its reason: RunTask's `failures`.
struct Rejection {
  std::string instance;
  Misfit misfit;
};
std::vector<Rejection> rejections(const Capacity& capacity, const TaskDemand& demand);

// A running task that scale-in may stop.
struct StopCandidate {
  std::string_view id;
  std::string_view instance;
  WallTime created_at;
  bool is_expendable = false;  // not RUNNING yet, or unhealthy: stops before any that serves
};

// Which `count` of the candidates to stop so that the rest is balanced: expendable ones first, then by the strategies
// backwards (from the fullest zone, from the fullest instance, from the instance that then has most left), newest
// first. Indices into `candidates`, in the order of stopping.
std::vector<size_t> choose_to_stop(const Capacity& capacity, const TaskDemand& demand,
                                   std::span<const StopCandidate> candidates, size_t count);

}  // namespace fl::control::schedule
