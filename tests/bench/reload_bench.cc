// Control side: what main does from the text of a changed file to the snapshot that workers get, for 10,000 routers of
// which one changed; with a service of its own each, or one for all. Each step is also measured alone. Freeing what was
// is not counted: it comes after publishing.
#include <benchmark/benchmark.h>
#include <fmt/format.h>

#include <memory>
#include <string>

#include "config/dynamic/read.h"
#include "config/merge.h"
#include "proxy/snapshot_builder.h"

namespace {

using namespace fl;
using config::dynamic::Configuration;

std::string file(int count, bool own_services, std::string_view first_host) {
  std::string routers = "http:\n  routers:\n", services = "  services:\n";
  for (int i = 0; i < count; ++i) {
    routers += fmt::format("    app-{0}:\n      rule: \"Host(`{1}.example.com`)\"\n      service: {2}\n", i,
                           i == 0 ? std::string(first_host) : fmt::format("app-{}", i),
                           own_services ? fmt::format("app-{}", i) : "app");
    if (own_services || i == 0)
      services += fmt::format("    {}:\n      loadBalancer:\n        servers:\n          - url: http://10.{}.0.{}\n",
                              own_services ? fmt::format("app-{}", i) : "app", i / 250, i % 250);
  }
  return routers + services;
}

std::shared_ptr<const Configuration> read(const std::string& text) {
  auto result = std::make_shared<const config::dynamic::ReadResult>(
      *config::dynamic::read_text(text, "routes.yml", config::dynamic::Format::yaml));
  return {result, &result->configuration};
}

const config::MergeInputs& merge_inputs() {
  static const config::MergeInputs inputs{.default_entry_points = {"web"}, .entry_points = {{"web", {}}}};
  return inputs;
}

proxy::BuildInputs build_inputs() {
  const auto slots = [] { return std::make_shared<proxy::SlotTable>([](uint32_t) {}); };
  return {.entry_points = {"web"},
          .precedence = {"file"},
          .internal_services = {},
          .default_transport = {.name = "default@internal"},
          .upstream_slots = slots(),
          .balancer_slots = slots()};
}

struct Texts {
  std::string texts[2];
  explicit Texts(const benchmark::State& state)
      : texts{file(static_cast<int>(state.range(0)), state.range(1) != 0, "one"),
              file(static_cast<int>(state.range(0)), state.range(1) != 0, "other")} {}
};

void reading(benchmark::State& state) {
  const Texts t(state);
  for (auto _ : state) {
    auto result = read(t.texts[0]);
    state.PauseTiming();
    result.reset();
    state.ResumeTiming();
  }
}

void comparing(benchmark::State& state) {
  const Texts t(state);
  const auto a = read(t.texts[0]), b = read(t.texts[0]);
  for (auto _ : state) benchmark::DoNotOptimize(*a == *b);
}

void merging(benchmark::State& state) {
  const Texts t(state);
  const auto read_once = read(t.texts[0]);
  for (auto _ : state) {
    auto merged = std::make_unique<config::Merged>(config::merge({{"file", read_once}}, merge_inputs()));
    state.PauseTiming();
    merged.reset();
    state.ResumeTiming();
  }
}

void building(benchmark::State& state) {
  const Texts t(state);
  std::shared_ptr<const Configuration> merged[2];
  for (int i = 0; i < 2; ++i)
    merged[i] = std::make_shared<const Configuration>(
        config::merge({{"file", read(t.texts[i])}}, merge_inputs()).configuration);
  proxy::SnapshotBuilder builder(build_inputs());
  auto built = std::make_unique<proxy::BuildResult>(builder.build(merged[0], {}));
  for (int turn = 1; auto _ : state) {
    auto next = std::make_unique<proxy::BuildResult>(builder.build(merged[turn++ % 2], {}));
    state.PauseTiming();
    built = std::move(next);
    state.ResumeTiming();
  }
}

void everything(benchmark::State& state) {
  const Texts t(state);
  proxy::SnapshotBuilder builder(build_inputs());
  auto before = read(t.texts[0]);
  auto built = std::make_unique<proxy::BuildResult>(builder.build(
      std::make_shared<const Configuration>(config::merge({{"file", before}}, merge_inputs()).configuration), {}));
  for (int turn = 1; auto _ : state) {
    auto now = read(t.texts[turn++ % 2]);
    benchmark::DoNotOptimize(*now == *before);
    auto next = std::make_unique<proxy::BuildResult>(builder.build(
        std::make_shared<const Configuration>(config::merge({{"file", now}}, merge_inputs()).configuration), {}));
    state.PauseTiming();
    before = std::move(now);
    built = std::move(next);
    state.ResumeTiming();
  }
}

void sizes(benchmark::internal::Benchmark* bench) {
  bench->Args({10'000, 0})->Args({10'000, 1})->ArgNames({"routers", "own_services"})->Unit(benchmark::kMillisecond);
}
BENCHMARK(reading)->Apply(sizes);
BENCHMARK(comparing)->Apply(sizes);
BENCHMARK(merging)->Apply(sizes);
BENCHMARK(building)->Apply(sizes);
BENCHMARK(everything)->Apply(sizes);

}  // namespace
