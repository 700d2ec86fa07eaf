// Placement over generated clusters, against the plainest reading of the rules: ask every instance, compare every
// number.
#include "control/schedule/place.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <map>
#include <random>
#include <set>

#include "control/schedule/choose_to_stop.h"

namespace fl::control::schedule {
namespace {

class SeededRandom final : public Random {
 public:
  explicit SeededRandom(uint64_t seed) : engine_(seed) {}
  uint64_t next() override { return engine_(); }
  int64_t below(int64_t n) { return static_cast<int64_t>(next() % static_cast<uint64_t>(n)); }
  bool one_in(int64_t n) { return below(n) == 0; }

 private:
  std::mt19937_64 engine_;
};

std::vector<HostPort> some_ports(SeededRandom& random) {
  std::vector<HostPort> ports;
  if (random.one_in(3))
    ports.push_back({static_cast<uint16_t>(80 + random.below(3)),
                     random.one_in(3) ? HostPort::Protocol::udp : HostPort::Protocol::tcp});
  return ports;
}

std::string some_group(SeededRandom& random) { return "service:s" + std::to_string(random.below(3)); }

void fill(Capacity& capacity, SeededRandom& random) {
  const int64_t instances = random.below(12);
  for (int64_t i = 0; i < instances; ++i) {
    InstanceView view{.id = "i" + std::to_string(i),
                      .status = random.one_in(8) ? InstanceStatus::draining : InstanceStatus::active,
                      .agent_connected = !random.one_in(8),
                      .registered = {random.below(4000), random.below(4000), random.below(3), some_ports(random)}};
    if (!random.one_in(6)) view.attributes.push_back({"zone", std::to_string(random.below(3))});
    if (!random.one_in(3)) view.attributes.push_back({"disk", random.one_in(2) ? "ssd" : "hdd"});
    capacity.put_instance(std::move(view));
  }
  for (int64_t i = random.below(30); i > 0 && instances > 0; --i) {
    const TaskDemand demand{.group = some_group(random),
                            .resources = {random.below(500), random.below(500), 0, some_ports(random)}};
    const auto* instance = capacity.instances()[static_cast<size_t>(random.below(instances))];
    if (!Fit(demand).misfit(*instance))
      capacity.put_task({"old" + std::to_string(i), instance->view.id, demand.group, "f", demand.resources});
  }
}

TaskDemand some_demand(SeededRandom& random, bool may_be_random) {
  TaskDemand demand{.group = some_group(random),
                    .family = "f",
                    .resources = {random.below(300), random.below(300), random.one_in(5) ? 1 : 0, some_ports(random)}};
  if (random.one_in(4)) demand.requires_attributes.push_back({"disk", {}});
  if (random.one_in(4)) demand.constraints.push_back({Constraint::Type::distinct_instance, {}});
  for (const std::string expression :
       {"attribute:zone != 1", "not(task:group == service:s0)", "runningTasksCount <= 6", "attribute:disk == ssd"})
    if (random.one_in(8)) demand.constraints.push_back({Constraint::Type::member_of, expression});
  static const std::vector<Strategy> kAll{
      {Strategy::Type::spread, "attribute:zone"}, {Strategy::Type::spread, "instanceId"},
      {Strategy::Type::spread, "attribute:disk"}, {Strategy::Type::binpack, "cpu"},
      {Strategy::Type::binpack, "memory"},        {Strategy::Type::random, {}},
  };
  for (int64_t i = random.below(4); i > 0; --i)
    demand.strategies.push_back(kAll[static_cast<size_t>(random.below(may_be_random ? 6 : 5))]);
  return demand;
}

// The number by which a strategy compares an instance.
int64_t weigh(const Capacity& capacity, const Capacity::Instance& instance, const TaskDemand& demand,
              const Strategy& strategy) {
  if (strategy.type == Strategy::Type::binpack)
    return strategy.field == "cpu" ? instance.free_cpu() : instance.free_memory();
  const auto part_of = [&](const Capacity::Instance& i) {
    if (!strategy.field.starts_with("attribute:")) return i.view.id;
    const Attribute* attribute = find_attribute(i.view, strategy.field.substr(10));
    return attribute == nullptr ? std::string() : attribute->value;
  };
  int64_t tasks = 0;
  for (const Capacity::Instance* other : capacity.instances())
    if (other->view.status == InstanceStatus::active && part_of(*other) == part_of(instance))
      tasks += std::ranges::count(other->tasks, demand.group, &PlacedTask::group);
  return tasks;
}

const Capacity::Instance* plainest_pick(const Capacity& capacity, const Fit& fit) {
  std::vector<Strategy> strategies = fit.demand().strategies;
  if (strategies.empty())
    strategies = {{Strategy::Type::spread, "attribute:ecs.availability-zone"}, {Strategy::Type::spread, "instanceId"}};
  const Capacity::Instance* best = nullptr;
  std::vector<int64_t> best_numbers;
  for (const Capacity::Instance* instance : capacity.instances()) {
    if (fit.misfit(*instance)) continue;
    std::vector<int64_t> numbers;
    for (const Strategy& strategy : strategies) numbers.push_back(weigh(capacity, *instance, fit.demand(), strategy));
    numbers.push_back(static_cast<int64_t>(instance->tasks.size()));
    if (best == nullptr || numbers < best_numbers) {
      best = instance;
      best_numbers = numbers;
    }
  }
  return best;
}

void expect_within_capacity(const Capacity& capacity) {
  for (const Capacity::Instance* instance : capacity.instances()) {
    Resources sum;
    std::set<HostPort> ports(instance->view.registered.ports.begin(), instance->view.registered.ports.end());
    for (const PlacedTask& task : instance->tasks) {
      sum.cpu += task.resources.cpu;
      sum.memory += task.resources.memory;
      sum.gpus += task.resources.gpus;
      for (const HostPort port : task.resources.ports) EXPECT_TRUE(ports.insert(port).second) << port.port;
    }
    EXPECT_LE(sum.cpu, instance->view.registered.cpu);
    EXPECT_LE(sum.memory, instance->view.registered.memory);
    EXPECT_LE(sum.gpus, instance->view.registered.gpus);
    EXPECT_EQ(sum.cpu, instance->used.cpu);
    EXPECT_EQ(ports.size(), instance->used.ports.size());
  }
}

std::vector<std::string> ids(size_t count) {
  std::vector<std::string> out;
  for (size_t i = 0; i < count; ++i) out.push_back("new" + std::to_string(i));
  return out;
}

TEST(Place, PicksWhatThePlainestReadingPicks) {
  for (uint64_t seed = 1; seed <= 400; ++seed) {
    SCOPED_TRACE(seed);
    SeededRandom random(seed);
    Capacity fast, plain;
    SeededRandom same(seed);
    fill(fast, random);
    fill(plain, same);
    const TaskDemand demand = some_demand(random, false);
    const Fit fit(demand);
    const PlacementResult result = place(fast, fit, ids(20), random);
    std::vector<std::string> expected;
    for (const std::string& id : ids(20)) {
      const Capacity::Instance* instance = plainest_pick(plain, fit);
      if (instance == nullptr) break;
      expected.push_back(instance->view.id);
      plain.put_task({id, instance->view.id, demand.group, demand.family, demand.resources});
    }
    ASSERT_EQ(result.instances, expected);
    ASSERT_EQ(result.failure.has_value(), expected.size() < 20);
  }
}

TEST(Place, NeverOverCapacityAndEveryConstraintHolds) {
  for (uint64_t seed = 1; seed <= 400; ++seed) {
    SCOPED_TRACE(seed);
    SeededRandom random(seed);
    Capacity capacity;
    fill(capacity, random);
    const TaskDemand demand = some_demand(random, true);
    const Fit fit(demand);
    const auto names = ids(20);
    const size_t before = capacity.task_count();
    const PlacementResult result = place(capacity, fit, names, random);
    expect_within_capacity(capacity);
    EXPECT_EQ(capacity.task_count(), before + result.instances.size());
    if (result.failure) EXPECT_EQ(rejections(capacity, fit).size(), capacity.instances().size());
    // Taken back one by one, each instance could have taken each of its tasks.
    for (size_t i = result.instances.size(); i-- > 0;) {
      ASSERT_EQ(capacity.find_task(names[i])->instance, result.instances[i]);
      capacity.remove_task(names[i]);
      EXPECT_EQ(fit.misfit(*capacity.find_instance(result.instances[i])), std::nullopt);
    }
    EXPECT_EQ(capacity.task_count(), before);
  }
}

TEST(Place, RandomUsesAllInstancesAlike) {
  Capacity capacity;
  for (int i = 0; i < 10; ++i) capacity.put_instance({.id = std::to_string(i), .registered = {.cpu = 100'000}});
  const TaskDemand demand{.group = "g", .strategies = {{Strategy::Type::random, {}}}};
  SeededRandom random(1);
  const PlacementResult result = place(capacity, Fit(demand), ids(10'000), random);
  std::map<std::string, int> counts;
  int repeats = 0;
  for (size_t i = 0; i < result.instances.size(); ++i) {
    ++counts[result.instances[i]];
    if (i > 0 && result.instances[i] == result.instances[i - 1]) ++repeats;
  }
  for (const auto& [id, count] : counts) EXPECT_NEAR(count, 1000, 150) << id;
  EXPECT_NEAR(repeats, 1000, 150);  // one in ten, as for draws that do not know of each other
}

TEST(ChooseToStop, KeepsTheRestBalancedAndExpendableOnesGoFirst) {
  for (uint64_t seed = 1; seed <= 100; ++seed) {
    SCOPED_TRACE(seed);
    SeededRandom random(seed);
    Capacity capacity;
    for (int i = 0; i < 6; ++i)
      capacity.put_instance({.id = "i" + std::to_string(i),
                             .attributes = {{"zone", std::to_string(i % 3)}},
                             .registered = {.cpu = 1000}});
    const TaskDemand demand{
        .group = "g",
        .strategies = {{Strategy::Type::spread, "attribute:zone"}, {Strategy::Type::spread, "instanceId"}}};
    const auto names = ids(static_cast<size_t>(1 + random.below(40)));
    const auto result = place(capacity, Fit(demand), names, random);
    std::vector<StopCandidate> candidates;
    for (size_t i = 0; i < names.size(); ++i)
      candidates.push_back({names[i], result.instances[i], WallTime(std::chrono::seconds(random.below(5))), false});
    const auto expendable = static_cast<size_t>(random.below(3));
    for (size_t i = 0; i < std::min(expendable, names.size()); ++i)
      candidates[static_cast<size_t>(random.below(static_cast<int64_t>(names.size())))].is_expendable = true;
    const auto marked = static_cast<size_t>(std::ranges::count(candidates, true, &StopCandidate::is_expendable));

    const auto count = static_cast<size_t>(random.below(static_cast<int64_t>(names.size()) + 1));
    const auto chosen = choose_to_stop(capacity, demand, candidates, count);
    ASSERT_EQ(chosen.size(), count);
    ASSERT_EQ(std::set(chosen.begin(), chosen.end()).size(), count);
    for (size_t i = 0; i < count; ++i) EXPECT_EQ(candidates[chosen[i]].is_expendable, i < marked);

    if (marked > 0) continue;  // those may have stood all in one place
    std::map<std::string, int> left{{"0", 0}, {"1", 0}, {"2", 0}};
    for (size_t i = 0; i < names.size(); ++i)
      if (std::ranges::find(chosen, i) == chosen.end())
        ++left[capacity.find_instance(candidates[i].instance)->view.attributes[0].value];
    const auto [least, most] = std::ranges::minmax_element(left, {}, [](const auto& l) { return l.second; });
    EXPECT_LE(most->second - least->second, 1);
  }
}

TEST(Capacity, FollowsItsInstancesAndTasks) {
  Capacity capacity;
  const Resources half{.cpu = 500, .ports = {{80}}};
  capacity.put_task({"early", "a", "g", "f", half});
  EXPECT_EQ(capacity.find_task("early"), nullptr);  // nobody knows its instance
  capacity.put_instance(
      {.id = "a", .attributes = {{"z", ""}, {"b", "1"}}, .registered = {.cpu = 1000, .ports = {{22}}}});
  capacity.put_instance({.id = "b", .registered = {.cpu = 1000}});
  capacity.put_task({"t", "a", "g", "f", half});
  capacity.put_task({"t", "a", "g", "f", half});  // twice is once
  EXPECT_EQ(capacity.find_instance("a")->free_cpu(), 500);
  EXPECT_NE(find_attribute(capacity.find_instance("a")->view, "b"), nullptr);
  EXPECT_FALSE(capacity.find_instance("a")->is_free({80}));

  capacity.put_instance({.id = "a", .registered = {.cpu = 700}});  // tasks stay
  EXPECT_EQ(capacity.find_instance("a")->free_cpu(), 200);
  EXPECT_TRUE(capacity.find_instance("a")->is_free({22}));
  EXPECT_EQ(capacity.instances()[0]->view.id, "a");

  capacity.put_task({"t", "b", "g", "f", half});  // moves
  EXPECT_EQ(capacity.find_instance("a")->free_cpu(), 700);
  EXPECT_TRUE(capacity.find_instance("a")->is_free({80}));
  capacity.remove_task("t");
  capacity.remove_task("t");
  EXPECT_EQ(capacity.find_instance("b")->free_cpu(), 1000);

  capacity.put_task({"t", "b", "g", "f", half});
  capacity.remove_instance("b");
  capacity.remove_instance("b");
  EXPECT_EQ(capacity.find_task("t"), nullptr);
  EXPECT_EQ(capacity.task_count(), 0u);
  EXPECT_EQ(capacity.instances().size(), 1u);
}

}  // namespace
}  // namespace fl::control::schedule
