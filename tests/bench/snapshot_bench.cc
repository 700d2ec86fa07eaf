// Control side: a configuration of 10,000 routers, each with a service of its own, with TLS or without, becomes a
// snapshot; then one of them changes, which must be live in under 50 ms. Taking the old apart is not counted: it comes
// after publishing.
#include <benchmark/benchmark.h>

#include <memory>
#include <string>

#include "proxy/snapshot_builder.h"

namespace {

using namespace fl::proxy;
using fl::config::dynamic::Configuration;

Configuration routers(const benchmark::State& state) {
  const auto count = static_cast<int>(state.range(0));
  const bool tls = state.range(1) != 0;
  Configuration out;
  for (int i = 0; i < count; ++i) {
    const std::string name = "app-" + std::to_string(i) + "@file";
    out.http.routers[name] = {.entry_points = {"web"},
                              .service = name,
                              .rule = "Host(`app-" + std::to_string(i) + ".example.com`) && PathPrefix(`/api`)"};
    if (tls) out.http.routers[name].tls.emplace();
    auto& balancer = out.http.services[name].load_balancer.emplace();
    balancer.servers.push_back({.url = "http://10." + std::to_string(i / 250) + ".0." + std::to_string(i % 250)});
  }
  return out;
}

BuildInputs inputs() {
  const auto slots = [] { return std::make_shared<SlotTable>([](uint32_t) {}); };
  return {.entry_points = {"web"},
          .precedence = {"file"},
          .internal_services = {},
          .default_transport = {.name = "default@internal"},
          .upstream_slots = slots(),
          .balancer_slots = slots()};
}

void sizes(benchmark::internal::Benchmark* bench) {
  bench->ArgsProduct({{100, 10'000}, {0, 1}})->ArgNames({"routers", "tls"})->Unit(benchmark::kMillisecond);
}

void build_all(benchmark::State& state) {
  const auto configuration = std::make_shared<const Configuration>(routers(state));
  for (auto _ : state) {
    auto builder = std::make_unique<SnapshotBuilder>(inputs());
    auto built = std::make_unique<BuildResult>(builder->build(configuration, {}));
    state.PauseTiming();  // taking apart what was built
    built.reset();
    builder.reset();
    state.ResumeTiming();
  }
}
BENCHMARK(build_all)->Apply(sizes);

void build_one_changed(benchmark::State& state) {
  Configuration changed = routers(state);
  const auto before = std::make_shared<const Configuration>(changed);
  changed.http.routers["app-7@file"].rule = "Host(`new.example.com`)";
  const auto after = std::make_shared<const Configuration>(std::move(changed));
  SnapshotBuilder builder(inputs());
  auto built = std::make_unique<BuildResult>(builder.build(before, {}));
  bool is_changed = false;
  for (auto _ : state) {
    is_changed = !is_changed;
    auto next = std::make_unique<BuildResult>(builder.build(is_changed ? after : before, {}));
    state.PauseTiming();
    built = std::move(next);
    state.ResumeTiming();
  }
}
BENCHMARK(build_one_changed)->Apply(sizes);

}  // namespace
