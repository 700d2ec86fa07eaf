#include "proxy/service/balancer_state.h"

#include <algorithm>
#include <functional>

namespace fl::proxy {

void BalancerState::adopt(uint64_t version, std::span<const BalancerChild> children, std::minstd_rand& random) {
  if (version == version_) return;
  version_ = version;
  std::vector<Entry> before = std::move(heap_);
  std::ranges::sort(before, {}, &Entry::identity);
  heap_.clear();
  for (uint32_t i = 0; i < children.size(); ++i) {
    const BalancerChild& child = children[i];
    if (child.weight <= 0) continue;
    const double step = 1 / child.weight;
    const auto known = std::ranges::lower_bound(before, child.identity, {}, &Entry::identity);
    const bool stays = known != before.end() && known->identity == child.identity;
    const double deadline = stays ? std::min(known->deadline, now_ + step) : now_ + step;
    heap_.push_back({deadline, static_cast<uint32_t>(random()), i, child.identity, step});
  }
  std::ranges::make_heap(heap_, std::greater<>{});
}

int BalancerState::next() {
  if (heap_.empty()) return -1;
  std::ranges::pop_heap(heap_, std::greater<>{});
  Entry& picked = heap_.back();
  now_ = picked.deadline;
  picked.deadline += picked.step;
  const int child = static_cast<int>(picked.child);
  std::ranges::push_heap(heap_, std::greater<>{});
  return child;
}

}  // namespace fl::proxy
