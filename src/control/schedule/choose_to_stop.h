// Scale-in: which tasks of a service to stop. Pure.
#pragma once

#include <span>
#include <string_view>
#include <vector>

#include "control/schedule/capacity.h"

namespace fl::control::schedule {

struct StopCandidate {
  std::string_view id;
  std::string_view instance;
  WallTime created_at;
  bool is_expendable = false;  // not RUNNING yet, or unhealthy: goes before any that serves
  bool is_protected = false;   // counts for the balance, is never chosen
};

// Which `count` of the candidates, or as many as are not protected, to stop so that the rest stays balanced: expendable
// ones first; then by the demand's strategies the other way round, that is from the fullest zone, the fullest instance,
// or the instance that then has most left; the newest first. Indices into `candidates`, in the order of stopping.
// Source: ECS developer guide, placement strategies, "when a scale-in action is taken".
std::vector<size_t> choose_to_stop(const Capacity& capacity, const TaskDemand& demand,
                                   std::span<const StopCandidate> candidates, size_t count);

}  // namespace fl::control::schedule
