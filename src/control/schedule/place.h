// Placing ECS tasks on a cluster's instances. Pure but for the Capacity it is given, where each task placed is entered
// at once. Order of work, as ECS documents it: resources and attributes, constraints, then strategies one after
// another, each narrowing the ties of the one before. What is still equal goes to the instance with the fewest tasks,
// then to the first.
#pragma once

#include <span>
#include <string>

#include "control/schedule/fit.h"

namespace fl::control::schedule {

// Places one task for each id, until one finds no room. Costs one look at every instance, then for each task the
// logarithm of their number times the number of different values of the attributes that `spread` names.
PlacementResult place(Capacity& capacity, const Fit& fit, std::span<const std::string> ids, Random& random);

}  // namespace fl::control::schedule
