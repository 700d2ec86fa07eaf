// The control plane with one service of 10,000 tasks on 1,000 instances: answering, planning when nothing is to do,
// changing one task, placing them all, and starting again from the disk (whose counter rss_mb is what it then takes).
#include <benchmark/benchmark.h>

#include <cstdio>
#include <filesystem>
#include <fstream>

#include "control/api/actions/services.h"
#include "control/api/actions/tasks.h"
#include "control/runner/capacities.h"
#include "control/runner/plan_service.h"
#include "control/state/writer.h"
#include "control/store/sqlite_store.h"
#include "ecs/generated/ecs_operations.h"

namespace {

using namespace fl;
using namespace fl::control;

constexpr int kInstances = 1000, kTasks = 10'000;
const state::Scope kScope{"000000000000", "us-east-1"};

std::string make_directory() {
  std::string name = (std::filesystem::temp_directory_path() / "fl_control_bench_XXXXXX").string();
  return ::mkdtemp(name.data());
}

// A state kept in a directory of its own.
struct World {
  net::Loop loop;
  std::string directory = make_directory();
  std::unique_ptr<store::SqliteStore> store;
  runner::Capacities capacities;
  std::unique_ptr<state::Writer> writer;

  World() {
    loop.make_current();
    open();
  }
  ~World() {
    store.reset();
    std::filesystem::remove_all(directory);
  }
  void open() {
    store = *store::SqliteStore::open({directory, kScope.account});
    net::spawn([](World& w) -> net::Task<> {
      auto view = co_await state::load_view(*w.store);
      w.writer = std::make_unique<state::Writer>(w.loop, *w.store, *std::move(view));
    }(*this));
    capacities.forget_all();
    writer->set_capacities(&capacities);
  }
  template <class F>
  void write(F f) {
    bool done = false;
    writer->submit(kScope, [&](state::Transaction& tx) { return f(tx), true; }, [&](Result<>) { done = true; });
    while (!done) loop.turn(false);
  }
  const state::Partition& state() { return (view = writer->view())->in(kScope); }
  std::shared_ptr<const state::View> view;
};

void put_cluster(state::Transaction& tx) {
  state::Cluster cluster{.name = "web"};
  cluster.shape.cluster_arn = "arn:aws:ecs:us-east-1:000000000000:cluster/web";
  cluster.shape.status = "ACTIVE";
  tx.put(std::move(cluster));
  state::TaskDefinition definition{.family = "app", .revision = 1};
  definition.shape.task_definition_arn = "arn:aws:ecs:us-east-1:000000000000:task-definition/app:1";
  definition.shape.status = "ACTIVE";
  definition.shape.network_mode = "bridge";
  definition.shape.compatibilities = std::vector<std::string>{"EC2"};
  ecs::ContainerDefinition& container = definition.shape.container_definitions.emplace().emplace_back();
  container.name = "app";
  container.image = "registry.example.com/team/app:1";
  container.cpu = 128;
  container.memory = 128;
  tx.put(std::move(definition));
  for (int i = 0; i < kInstances; ++i) {
    state::ContainerInstance instance{.cluster = "web", .id = tx.ids().id()};
    instance.shape.container_instance_arn = "arn:aws:ecs:us-east-1:000000000000:container-instance/web/" + instance.id;
    instance.shape.status = "ACTIVE";
    instance.shape.agent_connected = true;
    instance.shape.registered_at = tx.now();
    instance.shape.attributes = {
        {.name = "ecs.availability-zone", .value = "us-east-1" + std::string(1, "abc"[i % 3])}};
    instance.shape.registered_resources = {{.name = "CPU", .integer_value = 4096},
                                           {.name = "MEMORY", .integer_value = 8192}};
    tx.put(std::move(instance));
  }
  const ecs::CreateServiceRequest request{
      .cluster = "web", .service_name = "app", .task_definition = "app:1", .desired_count = kTasks};
  (void)api::create_service({tx, {}, {}}, request);
}

void plan(state::Transaction& tx) { (void)runner::plan_service(tx, "web", "app", std::nullopt); }

// All tasks placed and RUNNING, and the service steady.
World& world() {
  static World w;
  static const bool is_made = [] {
    w.write(put_cluster);
    w.write(plan);
    w.write([](state::Transaction& tx) {
      std::vector<state::Task> tasks;
      for (const auto& task : tx.state().tasks().all()) tasks.push_back(*task);
      for (state::Task& task : tasks) {
        task.shape.last_status = "RUNNING";
        task.shape.started_at = tx.now();
        task.shape.containers->front().last_status = "RUNNING";
        task.shape.containers->front().network_bindings = {
            {.bind_ip = "0.0.0.0", .container_port = 80, .host_port = 32768, .protocol = "tcp"}};
        tx.put(std::move(task));
      }
    });
    for (int i = 0; i < 3; ++i) w.write(plan);
    return true;
  }();
  (void)is_made;
  return w;
}

void describe_100_tasks(benchmark::State& bench) {
  World& w = world();
  const state::Partition& state = w.state();
  std::vector<std::string> ids;
  for (const auto& task : state.tasks().all()) {
    if (ids.size() == 100) break;
    ids.push_back(*task->shape.task_arn);
  }
  const api::Caller caller;
  const api::ServerSettings settings;
  for (auto _ : bench) {
    const auto answer =
        api::describe_tasks({kScope, state, caller, settings, w.loop.wall()}, {.cluster = "web", .tasks = ids});
    benchmark::DoNotOptimize(json::to_text(encode(*answer)));
  }
}

void plan_when_nothing_is_to_do(benchmark::State& bench) {
  World& w = world();
  for (auto _ : bench) w.write(plan);
  bench.counters["revision"] = static_cast<double>(w.writer->view()->revision());
}

void change_one_task(benchmark::State& bench) {
  World& w = world();
  int64_t version = 0;
  for (auto _ : bench)
    w.write([&](state::Transaction& tx) {
      state::Task task = **tx.state().tasks().all().begin();
      task.shape.version = ++version;
      tx.put(std::move(task));
    });
}

void place_all(benchmark::State& bench) {
  for (auto _ : bench) {
    World w;
    w.write(put_cluster);
    const auto began = std::chrono::steady_clock::now();
    w.write(plan);
    bench.SetIterationTime(std::chrono::duration<double>(std::chrono::steady_clock::now() - began).count());
    if (w.state().tasks().size() != kTasks) bench.SkipWithError("not all were placed");
  }
}

double rss_mb() {
  std::ifstream file("/proc/self/statm");
  double total = 0, resident = 0;
  file >> total >> resident;
  return resident * 4096 / 1e6;
}

// Measured in a process that has done nothing else: --benchmark_filter=start_again alone says what it takes.
void start_again(benchmark::State& bench) {
  World& w = world();
  for (auto _ : bench) {
    bench.PauseTiming();
    w.view.reset();
    w.writer.reset();
    w.store.reset();
    bench.ResumeTiming();
    w.open();
    if (w.state().tasks().size() != kTasks) bench.SkipWithError("tasks are lost");
  }
  bench.counters["rss_mb"] = rss_mb();
}

BENCHMARK(describe_100_tasks)->Unit(benchmark::kMillisecond);
BENCHMARK(plan_when_nothing_is_to_do)->Unit(benchmark::kMillisecond);
BENCHMARK(change_one_task)->Unit(benchmark::kMillisecond);
BENCHMARK(place_all)->Unit(benchmark::kMillisecond)->UseManualTime()->Iterations(2);
BENCHMARK(start_again)->Unit(benchmark::kMillisecond)->Iterations(3);

}  // namespace
