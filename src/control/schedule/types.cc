#include "control/schedule/types.h"

#include <fmt/format.h>

#include <algorithm>

namespace fl::control::schedule {

void sort_attributes(InstanceView& instance) { std::ranges::sort(instance.attributes, {}, &Attribute::name); }

const Attribute* find_attribute(const InstanceView& instance, std::string_view name) {
  const auto at = std::ranges::lower_bound(instance.attributes, name, {}, &Attribute::name);
  return at != instance.attributes.end() && at->name == name ? &*at : nullptr;
}

std::string_view run_task_reason(Misfit misfit) {
  switch (misfit) {
    case Misfit::no_instance: return "RESOURCE:*";
    case Misfit::inactive: return "INACTIVE";
    case Misfit::agent: return "AGENT";
    case Misfit::attribute: return "ATTRIBUTE";
    case Misfit::member_of: return "MemberOf placement constraint unsatisfied.";
    case Misfit::distinct_instance: return "DistinctInstance placement constraint unsatisfied.";
    case Misfit::cpu: return "RESOURCE:CPU";
    case Misfit::memory: return "RESOURCE:MEMORY";
    case Misfit::gpu: return "RESOURCE:GPU";
    case Misfit::ports: return "RESOURCE:PORTS";
  }
  return {};
}

std::string to_text(const PlacementFailure& failure) {
  if (failure.misfit == Misfit::no_instance) return "Reason: No Container Instances were found in your cluster.";
  const std::string closest = fmt::format("The closest matching (container-instance {})", failure.closest);
  switch (failure.misfit) {
    case Misfit::attribute: return closest + " is missing an attribute required by your task.";
    case Misfit::cpu: return closest + " has insufficient CPU units available.";
    case Misfit::memory: return closest + " has insufficient memory available.";
    case Misfit::ports: return closest + " is already using a port required by your task.";
    default: break;
  }
  std::string_view reason = run_task_reason(failure.misfit);
  if (reason.ends_with('.')) reason.remove_suffix(1);
  return fmt::format("{} encountered error \"{}\".", closest, reason);
}

}  // namespace fl::control::schedule
