// The messages of a service's `events` that tell what a plan does or cannot do, in AWS's words. Private to this folder.
// Source: ECS developer guide, "Service event messages": "duplicate event messages are omitted until either the cause
// is resolved or six hours passes".
#pragma once

#include "control/reconcile/draft.h"

namespace fl::control::reconcile {

inline constexpr Duration kEventRepeats = 6h;

// "has started 2 tasks: (task ID) (task ID).": ten tasks an event, more where a plan would fill the service's events.
void tell_starts_and_stops(Draft& draft);

void tell_placement_failure(Draft& draft, const schedule::PlacementFailure& failure);
void forget_placement_failure(Draft& draft);

// The percentages allow neither a start nor a stop.
void tell_stuck(Draft& draft);

// So many tasks should go and are protected from scale-in; 0: none any more. AWS tells of it too; the words are ours.
void tell_protected_surplus(Draft& draft, size_t count);

}  // namespace fl::control::reconcile
