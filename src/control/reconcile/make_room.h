// Which old tasks have to go before new ones find room on their instances. Pure; private to this folder.
#pragma once

#include <span>
#include <vector>

#include "control/reconcile/roster.h"
#include "control/schedule/fit.h"

namespace fl::control::reconcile {

// Chooses among `leavers`, in their order, as few as let `wanted` new tasks in once all that is `leaving` is gone; on
// each instance only as many as are followed by a new one. At most `spare` healthy ones. Indices into `leavers`.
std::vector<size_t> choose_to_make_room(const schedule::Fit& fit, std::span<const Member> leavers,
                                        std::span<const Member> leaving, size_t wanted, size_t spare);

}  // namespace fl::control::reconcile
