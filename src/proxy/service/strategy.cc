#include "proxy/service/strategy.h"

#include <cmath>
#include <limits>

#include "base/crypto.h"
#include "proxy/service/turn_taker.h"
#include "proxy/transaction.h"

namespace fl::proxy {
namespace {

std::vector<int64_t> weights_of(std::span<const Contender> children) {
  std::vector<int64_t> weights;
  for (const Contender& child : children) weights.push_back(child.weight);
  return weights;
}

class RoundRobin final : public Strategy {
 public:
  RoundRobin(std::span<const Contender> children, std::string_view service, std::shared_ptr<const TurnCursor> cursor)
      : turns_(weights_of(children), service, std::move(cursor)) {}

  int choose(http::Exchange& x, const Eligible& eligible) const override {
    return turns_.take(Transaction::of(x).worker, [&](int child) { return eligible(static_cast<size_t>(child)); });
  }

 private:
  const TurnTaker turns_;
};

class HighestRandomWeight final : public Strategy {
 public:
  explicit HighestRandomWeight(std::span<const Contender> children) : children_(children.begin(), children.end()) {}

  int choose(http::Exchange& x, const Eligible& eligible) const override {
    const std::string_view client = x.connection().peer_ip_text();
    double best = -1;
    int chosen = -1;
    for (size_t i = 0; i < children_.size(); ++i) {
      const auto& [name, weight] = children_[i];
      if (weight <= 0 || !eligible(i)) continue;
      if (const double score = score_of(client, name, weight); score > best) {
        best = score;
        chosen = static_cast<int>(i);
      }
    }
    return chosen;
  }

 private:
  // As in Traefik, so that clients stay where they are when one takes the other's place.
  static double score_of(std::string_view client, std::string_view name, int64_t weight) {
    uint64_t hash = fnv1a64(client);
    for (const char c : name) hash = (hash ^ static_cast<uint8_t>(c)) * 0x100000001b3;  // of both in one text
    const double share = static_cast<double>(hash) / 0x1p64;
    return static_cast<double>(weight) / -std::log(share);
  }

  const std::vector<Contender> children_;
};

class TwoChoices final : public Strategy {
 public:
  TwoChoices(std::span<const Contender> children, std::vector<std::shared_ptr<ServerLoad>> loads)
      : loads_(std::move(loads)) {
    for (size_t i = 0; i < children.size(); ++i)
      if (children[i].weight > 0) takes_part_.push_back(i);
  }

  int choose(http::Exchange&, const Eligible& eligible) const override {
    size_t healthy = 0;
    for (const size_t child : takes_part_) healthy += eligible(child);
    if (healthy == 0) return -1;
    const uint64_t random = mix(drawn_.fetch_add(1, std::memory_order_relaxed));
    const size_t first = random % healthy;
    if (healthy == 1) return static_cast<int>(nth(first, eligible));
    size_t second = (random >> 32) % (healthy - 1);
    if (second >= first) ++second;
    const size_t a = nth(first, eligible), b = nth(second, eligible);
    return static_cast<int>(loads_[b]->in_flight() < loads_[a]->in_flight() ? b : a);
  }

 private:
  // A well-mixed number of each count (Vigna's splitmix64).
  static uint64_t mix(uint64_t n) {
    uint64_t z = (n + 1) * 0x9e3779b97f4a7c15;
    z = (z ^ (z >> 30)) * 0xbf58476d1ce4e5b9;
    z = (z ^ (z >> 27)) * 0x94d049bb133111eb;
    return z ^ (z >> 31);
  }
  size_t nth(size_t n, const Eligible& eligible) const {
    for (const size_t child : takes_part_)
      if (eligible(child) && n-- == 0) return child;
    return takes_part_.back();  // one went down meanwhile
  }

  const std::vector<std::shared_ptr<ServerLoad>> loads_;
  std::vector<size_t> takes_part_;
  mutable std::atomic<uint64_t> drawn_{0};
};

class LeastTime final : public Strategy {
 public:
  LeastTime(std::span<const Contender> children, std::vector<std::shared_ptr<ServerLoad>> loads,
            std::string_view service, std::shared_ptr<const TurnCursor> cursor)
      : weights_(weights_of(children)), loads_(std::move(loads)), turns_(weights_, service, std::move(cursor)) {}

  int choose(http::Exchange& x, const Eligible& eligible) const override {
    double least = std::numeric_limits<double>::infinity();
    for (size_t i = 0; i < weights_.size(); ++i)
      if (weights_[i] > 0 && eligible(i)) least = std::min(least, score(i));
    const auto is_best = [&](int child) {
      const auto i = static_cast<size_t>(child);
      return eligible(i) && score(i) <= least;
    };
    const int chosen = turns_.take(Transaction::of(x).worker, is_best);
    if (chosen >= 0) return chosen;
    // The best has got more to do since.
    return turns_.take(Transaction::of(x).worker, [&](int child) { return eligible(static_cast<size_t>(child)); });
  }

 private:
  double score(size_t i) const {
    return loads_[i]->mean_time() * static_cast<double>(1 + loads_[i]->in_flight()) / static_cast<double>(weights_[i]);
  }

  const std::vector<int64_t> weights_;
  const std::vector<std::shared_ptr<ServerLoad>> loads_;
  const TurnTaker turns_;
};

}  // namespace

StrategyPtr make_round_robin(std::span<const Contender> children, std::string_view service,
                             std::shared_ptr<const TurnCursor> cursor) {
  return std::make_shared<RoundRobin>(children, service, std::move(cursor));
}

StrategyPtr make_highest_random_weight(std::span<const Contender> children) {
  return std::make_shared<HighestRandomWeight>(children);
}

StrategyPtr make_two_choices(std::span<const Contender> children, std::vector<std::shared_ptr<ServerLoad>> loads) {
  return std::make_shared<TwoChoices>(children, std::move(loads));
}

StrategyPtr make_least_time(std::span<const Contender> children, std::vector<std::shared_ptr<ServerLoad>> loads,
                            std::string_view service, std::shared_ptr<const TurnCursor> cursor) {
  return std::make_shared<LeastTime>(children, std::move(loads), service, std::move(cursor));
}

}  // namespace fl::proxy
