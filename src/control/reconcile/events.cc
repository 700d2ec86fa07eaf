#include "control/reconcile/events.h"

#include <algorithm>

namespace fl::control::reconcile {
namespace {

constexpr size_t kTasksPerEvent = 10;
constexpr size_t kMostEvents = 50;  // of one kind in a plan; DescribeServices shows the newest 100 of a service

void tell_of_tasks(Draft& draft, std::string_view done, std::string_view tasks, const auto& changes) {
  const size_t batch = std::max(kTasksPerEvent, (changes.size() + kMostEvents - 1) / kMostEvents);
  for (size_t from = 0; from < changes.size(); from += batch) {
    const size_t to = std::min(from + batch, changes.size());
    std::string message = fmt::format("{} {} {}:", done, to - from, tasks);
    for (size_t i = from; i < to; ++i) message += fmt::format(" (task {})", changes[i].id);
    draft.tell(message + ".");
  }
}

}  // namespace

void tell_starts_and_stops(Draft& draft) {
  tell_of_tasks(draft, "has started", "tasks", draft.plan.start);
  tell_of_tasks(draft, "has stopped", "running tasks", draft.plan.stop);
}

void tell_placement_failure(Draft& draft, const schedule::PlacementFailure& failure) {
  ServiceState& state = draft.state;
  const bool is_told = state.placement_failure == failure.misfit && state.placement_failure_event_at &&
                       draft.now < *state.placement_failure_event_at + kEventRepeats;
  if (is_told) return;
  state.placement_failure = failure.misfit;
  state.placement_failure_event_at = draft.now;
  draft.tell(
      fmt::format("was unable to place a task because no container instance met all of its requirements. {} For "
                  "more information, see the Troubleshooting section of the Amazon ECS Developer Guide.",
                  to_text(failure)));
}

void forget_placement_failure(Draft& draft) {
  draft.state.placement_failure.reset();
  draft.state.placement_failure_event_at.reset();
}

void tell_stuck(Draft& draft) {
  if (draft.state.is_stuck) return;
  draft.state.is_stuck = true;
  draft.tell(
      "was unable to stop or start tasks during a deployment because of the service deployment configuration. Update "
      "the minimumHealthyPercent or maximumPercent value and try again.");
}

void tell_protected_surplus(Draft& draft, size_t count) {
  if (count > 0 && !draft.state.is_held_up)
    draft.tell(fmt::format("cannot reach a steady state yet: {} tasks that are to be stopped are protected.", count));
  draft.state.is_held_up = count > 0;
}

}  // namespace fl::control::reconcile
