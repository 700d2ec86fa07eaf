// One worker's cursor over the children of a balancer: earliest deadline first, so that each child is picked in
// proportion to its weight and the picks are spread evenly (Traefik: wrr). A child that joins starts level with the
// others; one that stays keeps its place when the configuration changes. Worker thread.
#pragma once

#include <cstdint>
#include <random>
#include <span>
#include <vector>

namespace fl::proxy {

struct BalancerChild {
  uint64_t identity = 0;  // the same in every configuration that has this child
  double weight = 1;      // 0 or less: never picked
};

class BalancerState {
 public:
  // Aligns the cursor with a list of children; `version` tells lists apart, so that doing it again costs nothing.
  void adopt(uint64_t version, std::span<const BalancerChild> children, std::minstd_rand& random);

  // The child whose turn it is, as a position in the list, or -1 when none may be picked.
  int next();
  // The same among those that `usable(position)` accepts.
  template <class Usable>
  int next(Usable usable) {
    for (size_t tries = heap_.size(); tries > 0; --tries) {
      const int child = next();
      if (usable(child)) return child;
    }
    return -1;
  }

 private:
  struct Entry {
    double deadline;
    uint32_t order;  // breaks ties; shuffled, so that workers do not march in step
    uint32_t child;
    uint64_t identity;
    double step;  // 1 / weight
    bool operator>(const Entry& other) const {
      return deadline != other.deadline ? deadline > other.deadline : order > other.order;
    }
  };

  uint64_t version_ = 0;
  double now_ = 0;
  std::vector<Entry> heap_;  // earliest on top
};

}  // namespace fl::proxy
