// Whether an instance can take a task: a demand made ready (its cluster queries compiled) to be asked of many
// instances. Immutable; refers to the demand, which must outlive it.
#pragma once

#include <optional>
#include <vector>

#include "control/schedule/capacity.h"
#include "control/schedule/query.h"

namespace fl::control::schedule {

class Fit {
 public:
  // A constraint whose expression does not parse is satisfied by no instance.
  explicit Fit(const TaskDemand& demand);

  // What stands in the way of one more task there; nullopt: nothing.
  std::optional<Misfit> misfit(const Capacity::Instance& instance) const;

  // Whether it is one of the instances that the demand's attributes and memberOf select, connected or not, with room or
  // not. The demand's own group counts as absent, so that a constraint on tasks does not drive out what it let in.
  bool selects(const Capacity::Instance& instance) const;

  const TaskDemand& demand() const { return demand_; }

 private:
  std::optional<Misfit> misfit_of_kind(const Capacity::Instance& instance, std::string_view absent_group) const;
  std::optional<Misfit> misfit_of_room(const Capacity::Instance& instance) const;

  const TaskDemand& demand_;
  std::vector<Query> member_of_;
  bool is_distinct_ = false;
  bool is_impossible_ = false;  // an expression does not parse
};

// Every instance that cannot take the task, with its reason: RunTask's `failures`.
struct Rejection {
  std::string instance;
  Misfit misfit;
};
std::vector<Rejection> rejections(const Capacity& capacity, const Fit& fit);

// Of the instances that cannot take the task, the one that came closest.
PlacementFailure closest_match(const Capacity& capacity, const Fit& fit);

}  // namespace fl::control::schedule
