// The service scheduler at size: 10,000 tasks on 1,000 instances. Placing them all with spread is to cost less than a
// second of CPU, a look at a steady service of them less than 5 ms; one more task is what a RunTask call pays.
#include <benchmark/benchmark.h>
#include <fmt/format.h>

#include <memory>
#include <random>
#include <string>
#include <vector>

#include "control/reconcile/reconcile.h"
#include "control/schedule/choose_to_stop.h"
#include "control/schedule/place.h"

namespace {

using namespace fl;
using namespace fl::control::schedule;
namespace reconcile = fl::control::reconcile;

class SeededRandom final : public Random {
 public:
  uint64_t next() override { return engine_(); }

 private:
  std::mt19937_64 engine_{1};
};

// Instances with about what an agent registers: zone, type, and forty capabilities.
Capacity make_cluster(int instances) {
  Capacity capacity;
  for (int i = 0; i < instances; ++i) {
    InstanceView view{.id = fmt::format("{:032x}", i), .registered = {.cpu = 16'384, .memory = 65'536}};
    view.attributes = {{"ecs.availability-zone", fmt::format("us-east-1{}", 'a' + i % 3)},
                       {"ecs.instance-type", "m5.4xlarge"},
                       {"ecs.os-type", "linux"}};
    for (int capability = 0; capability < 40; ++capability)
      view.attributes.push_back({fmt::format("ecs.capability.number-{}", capability), ""});
    capacity.put_instance(std::move(view));
  }
  return capacity;
}

TaskDemand make_demand(std::vector<Strategy> strategies = {}) {
  TaskDemand demand{.group = "service:web",
                    .family = "web",
                    .resources = {.cpu = 256, .memory = 512},
                    .strategies = std::move(strategies)};
  for (const int capability : {3, 17, 29})
    demand.requires_attributes.push_back({fmt::format("ecs.capability.number-{}", capability), {}});
  demand.constraints.push_back(
      {Constraint::Type::member_of, "attribute:ecs.instance-type =~ m5.* and attribute:ecs.os-type == linux"});
  return demand;
}

std::vector<std::string> make_ids(size_t count) {
  std::vector<std::string> ids;
  for (size_t i = 0; i < count; ++i) ids.push_back(fmt::format("{:032x}", i + 1'000'000));
  return ids;
}

void place_all(benchmark::State& state, std::vector<Strategy> strategies) {
  const TaskDemand demand = make_demand(std::move(strategies));
  const auto ids = make_ids(static_cast<size_t>(state.range(0)));
  SeededRandom random;
  for (auto _ : state) {
    state.PauseTiming();
    auto capacity = std::make_unique<Capacity>(make_cluster(static_cast<int>(state.range(1))));
    state.ResumeTiming();
    benchmark::DoNotOptimize(place(*capacity, Fit(demand), ids, random));
    state.PauseTiming();
    capacity.reset();
    state.ResumeTiming();
  }
}
void place_spread(benchmark::State& state) { place_all(state, {}); }
BENCHMARK(place_spread)->Args({10'000, 1'000})->Unit(benchmark::kMillisecond);

void place_binpack(benchmark::State& state) { place_all(state, {{Strategy::Type::binpack, "memory"}}); }
BENCHMARK(place_binpack)->Args({10'000, 1'000})->Unit(benchmark::kMillisecond);

void place_random(benchmark::State& state) { place_all(state, {{Strategy::Type::random, {}}}); }
BENCHMARK(place_random)->Args({10'000, 1'000})->Unit(benchmark::kMillisecond);

// Every instance its own value: no two share a cell.
void place_spread_over_ids(benchmark::State& state) {
  Capacity capacity;
  for (int i = 0; i < 1'000; ++i)
    capacity.put_instance({.id = std::to_string(i),
                           .attributes = {{"rack", std::to_string(i)}},
                           .registered = {.cpu = 1'000'000'000, .memory = 1}});
  const TaskDemand demand{.group = "g", .strategies = {{Strategy::Type::spread, "attribute:rack"}}};
  const auto ids = make_ids(10'000);
  SeededRandom random;
  for (auto _ : state) benchmark::DoNotOptimize(place(capacity, Fit(demand), ids, random));
}
BENCHMARK(place_spread_over_ids)->Unit(benchmark::kMillisecond);

// One task into a cluster that runs 10,000.
void place_one(benchmark::State& state) {
  Capacity capacity = make_cluster(1'000);
  const TaskDemand demand = make_demand();
  SeededRandom random;
  place(capacity, Fit(demand), make_ids(10'000), random);
  const std::vector<std::string> one{"one"};
  for (auto _ : state) {
    benchmark::DoNotOptimize(place(capacity, Fit(demand), one, random));
    capacity.remove_task("one");
  }
}
BENCHMARK(place_one)->Unit(benchmark::kMicrosecond);

void scale_in_by_half(benchmark::State& state) {
  Capacity capacity = make_cluster(1'000);
  const TaskDemand demand = make_demand();
  SeededRandom random;
  const auto ids = make_ids(10'000);
  const auto placed = place(capacity, Fit(demand), ids, random);
  std::vector<StopCandidate> candidates;
  for (size_t i = 0; i < ids.size(); ++i) candidates.push_back({ids[i], placed.instances[i], WallTime(), false});
  for (auto _ : state) benchmark::DoNotOptimize(choose_to_stop(capacity, demand, candidates, 5'000));
}
BENCHMARK(scale_in_by_half)->Unit(benchmark::kMillisecond);

// A steady service of 10,000 tasks, and the first look at it, which starts them all.
struct BigService {
  BigService() : capacity(make_cluster(1'000)), demand(make_demand()) {
    view = {.name = "web", .desired_count = 10'000};
    view.deployments.push_back({.id = "ecs-svc/1", .demand = &demand});
  }
  reconcile::Plan plan() { return reconcile::reconcile(view, {capacity, random, std::chrono::minutes(1)}, now); }
  void run_all(const reconcile::Plan& plan) {
    for (const auto& start : plan.start)
      view.tasks.push_back({.id = start.id,
                            .instance = start.instance,
                            .status = reconcile::TaskStatus::running,
                            .created_at = now,
                            .started_at = now});
  }
  void accept(const reconcile::Plan& plan) {
    for (const auto& change : plan.deployments) view.deployments[0].state = change.state;
    if (plan.service) view.state = *plan.service;
  }

  Capacity capacity;
  SeededRandom random;
  TaskDemand demand;
  reconcile::ServiceView view;
  WallTime now{};
};

void reconcile_idle(benchmark::State& state) {
  BigService service;
  const reconcile::Plan first = service.plan();
  service.run_all(first);
  service.accept(first);
  service.accept(service.plan());
  if (!service.plan().is_empty() || service.view.tasks.size() != 10'000) state.SkipWithError("not steady");
  for (auto _ : state) benchmark::DoNotOptimize(service.plan());
}
BENCHMARK(reconcile_idle)->Unit(benchmark::kMillisecond);

void reconcile_first(benchmark::State& state) {
  for (auto _ : state) {
    state.PauseTiming();
    auto service = std::make_unique<BigService>();
    state.ResumeTiming();
    benchmark::DoNotOptimize(service->plan());
    state.PauseTiming();
    service.reset();
    state.ResumeTiming();
  }
}
BENCHMARK(reconcile_first)->Unit(benchmark::kMillisecond);

void parse_query(benchmark::State& state) {
  for (auto _ : state)
    benchmark::DoNotOptimize(
        Query::parse("attribute:ecs.instance-type =~ t2.* and attribute:ecs.availability-zone != us-east-1d"));
}
BENCHMARK(parse_query);

}  // namespace
