#include "proxy/service/turns.h"

#include <algorithm>
#include <cmath>
#include <functional>
#include <numeric>
#include <random>

namespace fl::proxy {
namespace {

constexpr int64_t kMaxTurns = 1 << 16;  // of one round; finer weights are rounded

struct Entry {
  double deadline;
  uint32_t rank;  // breaks ties
  uint32_t child;
  double step;
  bool operator>(const Entry& other) const {
    return deadline != other.deadline ? deadline > other.deadline : rank > other.rank;
  }
};

}  // namespace

TurnOrder::TurnOrder(std::span<const int64_t> weights, uint64_t seed) {
  int64_t divisor = 0;
  double total = 0;
  for (const int64_t weight : weights) {
    if (weight <= 0) continue;
    divisor = std::gcd(divisor, weight);
    total += static_cast<double>(weight);
  }
  if (divisor == 0) return;
  const double scale = std::max(static_cast<double>(divisor), total / kMaxTurns);

  std::vector<uint32_t> ranks(weights.size());
  std::iota(ranks.begin(), ranks.end(), 0U);
  std::ranges::shuffle(ranks, std::minstd_rand(static_cast<std::minstd_rand::result_type>(seed)));
  std::vector<Entry> heap;
  size_t turns = 0;
  for (uint32_t i = 0; i < weights.size(); ++i) {
    if (weights[i] <= 0) continue;
    const double share = std::max(1.0, std::round(static_cast<double>(weights[i]) / scale));
    heap.push_back({1 / share, ranks[i], i, 1 / share});
    turns += static_cast<size_t>(share);
  }
  std::ranges::make_heap(heap, std::greater<>{});
  order_.reserve(turns);
  while (order_.size() < turns) {
    std::ranges::pop_heap(heap, std::greater<>{});
    order_.push_back(heap.back().child);
    heap.back().deadline += heap.back().step;
    std::ranges::push_heap(heap, std::greater<>{});
  }
}

}  // namespace fl::proxy
