// A demand's strategies, read: what place() prefers and choose_to_stop() gives up last. Immutable; refers to the
// demand.
#pragma once

#include <string_view>
#include <vector>

#include "control/schedule/capacity.h"

namespace fl::control::schedule {

inline constexpr size_t kMaxStrategies = 5;  // AWS: placementStrategy; more are ignored

class Ranking {
 public:
  enum class Kind : uint8_t { spread, binpack_cpu, binpack_memory, random };

  struct Rule {
    Kind kind = Kind::spread;
    std::string_view attribute;  // spread over its values; empty: over instances

    bool by_attribute() const { return !attribute.empty(); }
    // The instance's part of the cluster; instances without the attribute are one part.
    std::string_view domain(const Capacity::Instance& instance) const;
  };

  // No strategies: spread over attribute:ecs.availability-zone, then over instances, as ECS does for services.
  explicit Ranking(const TaskDemand& demand);

  size_t size() const { return rules_.size(); }
  const Rule& operator[](size_t i) const { return rules_[i]; }

  // How many tasks of the demand's group are there.
  int64_t tasks_of_group(const Capacity::Instance& instance) const;

 private:
  std::vector<Rule> rules_;
  std::string_view group_;
};

}  // namespace fl::control::schedule
