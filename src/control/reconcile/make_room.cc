#include "control/reconcile/make_room.h"

#include <unordered_map>

namespace fl::control::reconcile {
namespace {

// An instance as it would be.
class Trial {
 public:
  explicit Trial(const schedule::Capacity::Instance& instance) : id_(instance.view.id) {
    capacity_.put_instance(instance.view);
    for (const schedule::PlacedTask& task : instance.tasks) capacity_.put_task(task);
  }

  void remove(std::string_view task) { capacity_.remove_task(task); }

  // Puts in as many new tasks as fit, at most `wanted`; returns how many.
  size_t fill(const schedule::Fit& fit, size_t wanted) {
    size_t count = 0;
    for (; count < wanted && !fit.misfit(*capacity_.find_instance(id_)); ++count)
      capacity_.put_task(
          {std::to_string(filled_++), id_, fit.demand().group, fit.demand().family, fit.demand().resources});
    return count;
  }

 private:
  schedule::Capacity capacity_;
  const std::string id_;
  int filled_ = 0;
};

}  // namespace

std::vector<size_t> choose_to_make_room(const schedule::Fit& fit, std::span<const Member> leavers,
                                        std::span<const Member> leaving, size_t wanted, size_t spare) {
  std::unordered_map<const schedule::Capacity::Instance*, Trial> trials;
  for (const Member& member : leaving)
    trials.try_emplace(member.instance, *member.instance).first->second.remove(member.task->id);
  for (auto& [instance, trial] : trials) wanted -= trial.fill(fit, wanted);

  std::unordered_map<const schedule::Capacity::Instance*, std::vector<size_t>> leavers_on;
  for (size_t i = 0; i < leavers.size(); ++i) leavers_on[leavers[i].instance].push_back(i);

  std::vector<size_t> chosen;
  for (const Member& first : leavers) {  // the instance of the first to go comes first
    const auto here = leavers_on.find(first.instance);
    if (here == leavers_on.end()) continue;
    Trial& trial = trials.try_emplace(first.instance, *first.instance).first->second;
    std::vector<size_t> tried;
    size_t healthy = 0;
    for (const size_t i : here->second) {
      if (wanted == 0) return chosen;
      if (leavers[i].is_healthy && ++healthy > spare) break;
      tried.push_back(i);
      trial.remove(leavers[i].task->id);
      const size_t filled = trial.fill(fit, wanted);
      if (filled == 0) continue;  // it takes more than this one
      wanted -= filled;
      spare -= healthy;
      healthy = 0;
      chosen.insert(chosen.end(), tried.begin(), tried.end());
      tried.clear();
    }
    leavers_on.erase(here);
  }
  return chosen;
}

}  // namespace fl::control::reconcile
