// Reading configuration: the labels of one container, and a file of 10,000 routers.
#include <benchmark/benchmark.h>
#include <fmt/format.h>

#include "config/dynamic/read.h"
#include "config/encode.h"
#include "config/merge.h"
#include "config/yaml.h"

namespace fl::config {
namespace {

Map<std::string> container_labels() {
  return {{"traefik.enable", "true"},
          {"traefik.http.routers.web.rule", "Host(`web.example.com`) && PathPrefix(`/api`)"},
          {"traefik.http.routers.web.entrypoints", "websecure"},
          {"traefik.http.routers.web.tls", "true"},
          {"traefik.http.routers.web.middlewares", "limit,auth"},
          {"traefik.http.middlewares.limit.ratelimit.average", "100"},
          {"traefik.http.middlewares.limit.ratelimit.burst", "50"},
          {"traefik.http.middlewares.auth.basicauth.users", "a:$apr1$x,b:$apr1$y"},
          {"traefik.http.services.web.loadbalancer.server.port", "8080"},
          {"traefik.http.services.web.loadbalancer.healthcheck.path", "/health"}};
}

std::string routers_file(int count) {
  std::string text =
      "http:\n  services:\n    app: {loadBalancer: {servers: [{url: \"http://10.0.0.1:8080\"}]}}\n  routers:\n";
  for (int i = 0; i < count; ++i)
    text += fmt::format(
        "    router-{0}:\n      rule: \"Host(`host-{0}.example.com`)\"\n      entryPoints: [web]\n      service: app\n",
        i);
  return text;
}

void read_labels(benchmark::State& state) {
  const Map<std::string> labels = container_labels();
  for (auto _ : state) benchmark::DoNotOptimize(dynamic::read_labels(labels));
}
BENCHMARK(read_labels);

void yaml_tree(benchmark::State& state) {
  const std::string text = routers_file(static_cast<int>(state.range(0)));
  for (auto _ : state) benchmark::DoNotOptimize(read_yaml(text, "bench.yaml"));
  state.SetBytesProcessed(static_cast<int64_t>(state.iterations() * text.size()));
}
BENCHMARK(yaml_tree)->Arg(10'000)->Unit(benchmark::kMillisecond);

void read_file_text(benchmark::State& state) {
  const std::string text = routers_file(static_cast<int>(state.range(0)));
  for (auto _ : state) benchmark::DoNotOptimize(dynamic::read_text(text, "bench.yaml", dynamic::Format::yaml));
  state.SetBytesProcessed(static_cast<int64_t>(state.iterations() * text.size()));
}
BENCHMARK(read_file_text)->Arg(10'000)->Unit(benchmark::kMillisecond);

void merge_routers(benchmark::State& state) {
  const auto read =
      dynamic::read_text(routers_file(static_cast<int>(state.range(0))), "bench.yaml", dynamic::Format::yaml);
  const std::vector<ProviderConfig> providers{
      {"file", std::make_shared<const dynamic::Configuration>(read->configuration)}};
  for (auto _ : state) benchmark::DoNotOptimize(merge(providers, {.default_entry_points = {"web"}}));
}
BENCHMARK(merge_routers)->Arg(10'000)->Unit(benchmark::kMillisecond);

}  // namespace
}  // namespace fl::config
