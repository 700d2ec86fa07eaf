#include "control/schedule/choose_to_stop.h"

#include <algorithm>
#include <array>
#include <numeric>
#include <unordered_map>

#include "control/schedule/ranking.h"

namespace fl::control::schedule {
namespace {

// The candidates on one instance.
struct Host {
  std::vector<size_t> tasks;  // the next to stop is the last
  int64_t free_cpu = 0;
  int64_t free_memory = 0;
  std::array<size_t, kMaxStrategies> domains{};
};

class Chooser {
 public:
  Chooser(const Capacity& capacity, const TaskDemand& demand, std::span<const StopCandidate> candidates)
      : demand_(demand), ranking_(demand), candidates_(candidates) {
    std::vector<size_t> order(candidates.size());
    std::iota(order.begin(), order.end(), size_t{0});
    std::ranges::sort(order, [&](size_t a, size_t b) { return stops_later(candidates_[a], candidates_[b]); });
    std::unordered_map<std::string_view, size_t> host_of;
    for (const size_t i : order) {
      const auto [at, is_new] = host_of.emplace(candidates[i].instance, hosts_.size());
      if (is_new) hosts_.push_back(make_host(capacity.find_instance(candidates[i].instance)));
      Host& host = hosts_[at->second];
      host.tasks.push_back(i);
      for (size_t s = 0; s < ranking_.size(); ++s)
        if (ranking_[s].by_attribute()) ++counts_[host.domains[s]];
    }
  }

  size_t take_next() {
    Host& host = *std::ranges::max_element(hosts_, [this](const Host& a, const Host& b) { return is_less(a, b); });
    const size_t chosen = host.tasks.back();
    host.tasks.pop_back();
    host.free_cpu += demand_.resources.cpu;
    host.free_memory += demand_.resources.memory;
    for (size_t s = 0; s < ranking_.size(); ++s)
      if (ranking_[s].by_attribute()) --counts_[host.domains[s]];
    return chosen;
  }

 private:
  static bool stops_later(const StopCandidate& a, const StopCandidate& b) {
    if (a.is_protected != b.is_protected) return a.is_protected;
    if (a.is_expendable != b.is_expendable) return b.is_expendable;
    if (a.created_at != b.created_at) return a.created_at < b.created_at;
    return a.id < b.id;
  }

  Host make_host(const Capacity::Instance* instance) {
    Host host;
    if (instance != nullptr) {
      host.free_cpu = instance->free_cpu();
      host.free_memory = instance->free_memory();
    }
    for (size_t s = 0; s < ranking_.size(); ++s) {
      if (!ranking_[s].by_attribute()) continue;
      const std::string_view value = instance == nullptr ? std::string_view() : ranking_[s].domain(*instance);
      const auto [at, is_new] = domain_of_value_[s].emplace(value, counts_.size());
      if (is_new) counts_.push_back(0);
      host.domains[s] = at->second;
    }
    return host;
  }

  bool has_choice(const Host& host) const {
    return !host.tasks.empty() && !candidates_[host.tasks.back()].is_protected;
  }

  // Whether a task of `b` stops before one of `a`.
  bool is_less(const Host& a, const Host& b) const {
    if (!has_choice(a) || !has_choice(b)) return has_choice(b);
    const StopCandidate &x = candidates_[a.tasks.back()], &y = candidates_[b.tasks.back()];
    if (x.is_expendable != y.is_expendable) return y.is_expendable;
    for (size_t s = 0; s < ranking_.size(); ++s)
      if (const auto order = weight(a, s) <=> weight(b, s); order != 0) return order < 0;
    return stops_later(x, y);
  }

  int64_t weight(const Host& host, size_t s) const {
    switch (ranking_[s].kind) {
      case Ranking::Kind::spread:
        return ranking_[s].by_attribute() ? counts_[host.domains[s]] : static_cast<int64_t>(host.tasks.size());
      case Ranking::Kind::binpack_cpu: return host.free_cpu;
      case Ranking::Kind::binpack_memory: return host.free_memory;
      case Ranking::Kind::random: return 0;
    }
    return 0;
  }

  const TaskDemand& demand_;
  const Ranking ranking_;
  const std::span<const StopCandidate> candidates_;
  std::array<std::unordered_map<std::string_view, size_t>, kMaxStrategies> domain_of_value_;
  std::vector<int64_t> counts_;  // candidates left in each domain
  std::vector<Host> hosts_;
};

}  // namespace

std::vector<size_t> choose_to_stop(const Capacity& capacity, const TaskDemand& demand,
                                   std::span<const StopCandidate> candidates, size_t count) {
  Chooser chooser(capacity, demand, candidates);
  std::vector<size_t> chosen;
  const auto free = static_cast<size_t>(std::ranges::count(candidates, false, &StopCandidate::is_protected));
  for (size_t i = 0; i < std::min(count, free); ++i) chosen.push_back(chooser.take_next());
  return chosen;
}

}  // namespace fl::control::schedule
