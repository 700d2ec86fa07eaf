#include "control/schedule/fit.h"

#include <algorithm>

namespace fl::control::schedule {

Fit::Fit(const TaskDemand& demand) : demand_(demand) {
  for (const Constraint& constraint : demand.constraints) {
    if (constraint.type == Constraint::Type::distinct_instance) {
      is_distinct_ = true;
    } else if (auto query = Query::parse(constraint.expression)) {
      member_of_.push_back(*std::move(query));
    } else {
      is_impossible_ = true;
    }
  }
}

std::optional<Misfit> Fit::misfit(const Capacity::Instance& instance) const {
  if (instance.view.status != InstanceStatus::active) return Misfit::inactive;
  if (!instance.view.agent_connected) return Misfit::agent;
  if (const auto misfit = misfit_of_kind(instance, {})) return misfit;
  return misfit_of_room(instance);
}

bool Fit::selects(const Capacity::Instance& instance) const { return !misfit_of_kind(instance, demand_.group); }

std::optional<Misfit> Fit::misfit_of_kind(const Capacity::Instance& instance, std::string_view absent_group) const {
  for (const Attribute& wanted : demand_.requires_attributes)
    if (const Attribute* found = find_attribute(instance.view, wanted.name);
        found == nullptr || (!wanted.value.empty() && found->value != wanted.value))
      return Misfit::attribute;
  if (is_impossible_) return Misfit::member_of;
  for (const Query& query : member_of_)
    if (!query.matches(instance.view, instance.tasks, absent_group)) return Misfit::member_of;
  return std::nullopt;
}

std::optional<Misfit> Fit::misfit_of_room(const Capacity::Instance& instance) const {
  if (is_distinct_ && std::ranges::find(instance.tasks, demand_.group, &PlacedTask::group) != instance.tasks.end())
    return Misfit::distinct_instance;
  const Resources& wanted = demand_.resources;
  if (wanted.cpu > instance.free_cpu()) return Misfit::cpu;
  if (wanted.memory > instance.free_memory()) return Misfit::memory;
  if (wanted.gpus > instance.free_gpus()) return Misfit::gpu;
  for (const HostPort port : wanted.ports)
    if (!instance.is_free(port)) return Misfit::ports;
  return std::nullopt;
}

std::vector<Rejection> rejections(const Capacity& capacity, const Fit& fit) {
  std::vector<Rejection> out;
  for (const Capacity::Instance* instance : capacity.instances())
    if (const auto misfit = fit.misfit(*instance)) out.push_back({instance->view.id, *misfit});
  return out;
}

PlacementFailure closest_match(const Capacity& capacity, const Fit& fit) {
  PlacementFailure closest;
  for (const Capacity::Instance* instance : capacity.instances()) {
    const auto misfit = fit.misfit(*instance);
    if (misfit && (closest.closest.empty() || *misfit > closest.misfit)) closest = {instance->view.id, *misfit};
  }
  return closest;
}

}  // namespace fl::control::schedule
