#include "control/schedule/ranking.h"

#include <algorithm>

namespace fl::control::schedule {
namespace {

Ranking::Rule read_strategy(const Strategy& strategy) {
  constexpr std::string_view kAttribute = "attribute:";
  const std::string_view field = strategy.field;
  switch (strategy.type) {
    case Strategy::Type::random: return {.kind = Ranking::Kind::random};
    case Strategy::Type::binpack:
      return {.kind = field == "cpu" ? Ranking::Kind::binpack_cpu : Ranking::Kind::binpack_memory};
    case Strategy::Type::spread: break;
  }
  if (!field.starts_with(kAttribute)) return {};  // instanceId, host
  return {.attribute = field.substr(kAttribute.size())};
}

}  // namespace

std::string_view Ranking::Rule::domain(const Capacity::Instance& instance) const {
  if (!by_attribute()) return instance.view.id;
  const Attribute* found = find_attribute(instance.view, attribute);
  return found == nullptr ? std::string_view() : found->value;
}

Ranking::Ranking(const TaskDemand& demand) : group_(demand.group) {
  for (const Strategy& strategy : demand.strategies)
    if (rules_.size() < kMaxStrategies) rules_.push_back(read_strategy(strategy));
  if (rules_.empty()) rules_ = {Rule{.attribute = "ecs.availability-zone"}, Rule{}};
}

int64_t Ranking::tasks_of_group(const Capacity::Instance& instance) const {
  return std::ranges::count(instance.tasks, group_, &PlacedTask::group);
}

}  // namespace fl::control::schedule
