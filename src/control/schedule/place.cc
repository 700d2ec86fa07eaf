#include "control/schedule/place.h"

#include <algorithm>
#include <array>
#include <cmath>
#include <map>
#include <unordered_map>

#include "control/schedule/ranking.h"

namespace fl::control::schedule {
namespace {

// Instances are compared by one number for each strategy, the lower the better. The numbers of `spread attribute:x` are
// the same for all instances of one value, and change for all of them with each task. So the instances are kept in
// cells that are equal in those values: inside a cell only an instance's own numbers count, which change only when it
// is picked, and a heap finds the best. A pick compares the best of each cell.
using Key = std::array<int64_t, kMaxStrategies + 2>;  // then tasks, then order

struct Candidate {
  Key key{};  // 0 where a cell has the number
  const Capacity::Instance* instance = nullptr;
};

bool is_worse(const Candidate& a, const Candidate& b) { return a.key > b.key; }

struct Cell {
  std::array<int, kMaxStrategies> domains{};  // index into Picker::counts_ of each attribute strategy
  std::vector<Candidate> heap;
};

class Picker {
 public:
  Picker(const Capacity& capacity, const Fit& fit, Random& random)
      : fit_(fit), ranking_(fit.demand()), random_(random) {
    std::map<std::array<int, kMaxStrategies>, size_t> cells;
    for (const Capacity::Instance* instance : capacity.instances()) {
      if (instance->view.status != InstanceStatus::active) continue;  // its tasks are about to leave
      const auto tasks = ranking_.tasks_of_group(*instance);
      const auto domains = domains_of(*instance);
      for (size_t s = 0; s < ranking_.size(); ++s)
        if (ranking_[s].by_attribute()) counts_[static_cast<size_t>(domains[s])] += tasks;
      if (fit.misfit(*instance)) continue;
      const auto [cell, is_new] = cells.emplace(domains, cells_.size());
      if (is_new) cells_.push_back({domains, {}});
      cells_[cell->second].heap.push_back(candidate(*instance, tasks, Key{}));
    }
    for (Cell& cell : cells_) std::ranges::make_heap(cell.heap, is_worse);
  }

  // The best instance, or nullptr when none has room; it is to be given back with placed().
  const Capacity::Instance* pick() {
    picked_ = nullptr;
    Key best{};
    for (Cell& cell : cells_) {
      if (cell.heap.empty()) continue;
      if (const Key key = full_key(cell); picked_ == nullptr || key < best) {
        picked_ = &cell;
        best = key;
      }
    }
    return picked_ == nullptr ? nullptr : picked_->heap.front().instance;
  }

  // After the task is entered in the capacity.
  void placed() {
    for (size_t s = 0; s < ranking_.size(); ++s)
      if (ranking_[s].by_attribute()) ++counts_[static_cast<size_t>(picked_->domains[s])];
    std::ranges::pop_heap(picked_->heap, is_worse);
    const Candidate old = picked_->heap.back();
    picked_->heap.pop_back();
    if (fit_.misfit(*old.instance)) return;
    picked_->heap.push_back(candidate(*old.instance, ranking_.tasks_of_group(*old.instance), old.key));
    std::ranges::push_heap(picked_->heap, is_worse);
  }

 private:
  std::array<int, kMaxStrategies> domains_of(const Capacity::Instance& instance) {
    std::array<int, kMaxStrategies> domains{};
    for (size_t s = 0; s < ranking_.size(); ++s) {
      if (!ranking_[s].by_attribute()) continue;
      const auto [at, is_new] =
          domain_of_value_[s].emplace(ranking_[s].domain(instance), static_cast<int>(counts_.size()));
      if (is_new) counts_.push_back(0);
      domains[s] = at->second;
    }
    return domains;
  }

  Candidate candidate(const Capacity::Instance& instance, int64_t tasks_of_group, const Key& old) {
    Candidate candidate{.instance = &instance};
    for (size_t s = 0; s < ranking_.size(); ++s) {
      if (ranking_[s].by_attribute()) continue;
      switch (ranking_[s].kind) {
        case Ranking::Kind::spread: candidate.key[s] = tasks_of_group; break;
        case Ranking::Kind::binpack_cpu: candidate.key[s] = instance.free_cpu(); break;
        case Ranking::Kind::binpack_memory: candidate.key[s] = instance.free_memory(); break;
        case Ranking::Kind::random: candidate.key[s] = old[s] + waiting_time(); break;
      }
    }
    candidate.key[kMaxStrategies] = static_cast<int64_t>(instance.tasks.size());
    candidate.key[kMaxStrategies + 1] = instance.order;
    return candidate;
  }

  // Each instance is due again after a random, memoryless time: then all are equally likely to be next at every pick,
  // whatever was picked before.
  int64_t waiting_time() {
    const double uniform = static_cast<double>((random_.next() >> 11) + 1) * 0x1p-53;  // (0, 1]
    return static_cast<int64_t>(-std::log(uniform) * 0x1p32);
  }

  Key full_key(const Cell& cell) const {
    Key key = cell.heap.front().key;
    for (size_t s = 0; s < ranking_.size(); ++s)
      if (ranking_[s].by_attribute()) key[s] = counts_[static_cast<size_t>(cell.domains[s])];
    return key;
  }

  const Fit& fit_;
  const Ranking ranking_;
  Random& random_;
  std::array<std::unordered_map<std::string_view, int>, kMaxStrategies> domain_of_value_;
  std::vector<int64_t> counts_;  // tasks of the group in each domain
  std::vector<Cell> cells_;
  Cell* picked_ = nullptr;
};

}  // namespace

PlacementResult place(Capacity& capacity, const Fit& fit, std::span<const std::string> ids, Random& random) {
  PlacementResult result;
  if (ids.empty()) return result;
  const TaskDemand& demand = fit.demand();
  Picker picker(capacity, fit, random);
  for (const std::string& id : ids) {
    const Capacity::Instance* instance = picker.pick();
    if (instance == nullptr) {
      result.failure = closest_match(capacity, fit);
      break;
    }
    capacity.put_task({id, instance->view.id, demand.group, demand.family, demand.resources});
    result.instances.push_back(instance->view.id);
    picker.placed();
  }
  return result;
}

}  // namespace fl::control::schedule
