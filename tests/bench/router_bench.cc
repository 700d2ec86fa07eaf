// Routing: finding the router among 1, 1,000 or 10,000 hosts, building the table, and making a request's path.
// find() must cost the same whatever the number of other hosts; a table of 10,000 Host rules builds in about 20 ms.
#include <benchmark/benchmark.h>

#include <string>
#include <vector>

#include "proxy/routing/request_path.h"
#include "proxy/routing/router_table.h"
#include "proxy/rules/priority.h"

namespace {

using namespace fl::proxy;
using routing::Router;
using routing::RouterTable;

std::string host_name(int i) { return "service-" + std::to_string(i) + ".example.com"; }

Router make_router(const std::string& rule, int id) {
  return {rules::Rule::compile(rule).value(), rules::default_priority(rule), id};
}

std::vector<Router> host_routers(int count, const std::string& and_also = {}) {
  std::vector<Router> routers;
  for (int i = 0; i < count; ++i) routers.push_back(make_router("Host(`" + host_name(i) + "`)" + and_also, i));
  return routers;
}

const fl::http::HeaderMap kNoHeaders;

rules::RouteRequest request_for(std::string_view host, std::string_view path = "/api/v1/items") {
  return {.host = host, .path = path, .method = "GET", .headers = kNoHeaders};
}

// One host asked again and again: what the work itself costs.
void find_one_host(benchmark::State& state) {
  const RouterTable table(host_routers(static_cast<int>(state.range(0))));
  const std::string host = host_name(0);
  for (auto _ : state) benchmark::DoNotOptimize(table.find(request_for(host)));
}
BENCHMARK(find_one_host)->Arg(1)->Arg(1'000)->Arg(10'000);

// A thousand hosts in turn, spread over the table: adds what the machine's caches cost.
void find_many_hosts(benchmark::State& state) {
  const int count = static_cast<int>(state.range(0));
  const RouterTable table(host_routers(count));
  std::vector<std::string> hosts;
  for (int i = 0; i < 1'000; ++i) hosts.push_back(host_name(static_cast<int>(int64_t{i} * 7919 % count)));
  size_t i = 0;
  for (auto _ : state) benchmark::DoNotOptimize(table.find(request_for(hosts[i++ % hosts.size()])));
}
BENCHMARK(find_many_hosts)->Arg(1)->Arg(1'000)->Arg(10'000);

void find_nobody(benchmark::State& state) {
  const RouterTable table(host_routers(static_cast<int>(state.range(0))));
  for (auto _ : state) benchmark::DoNotOptimize(table.find(request_for("unknown.example.org")));
}
BENCHMARK(find_nobody)->Arg(1)->Arg(1'000)->Arg(10'000);

// Each host has three routers by path, and ten more stand for every host.
void find_by_path(benchmark::State& state) {
  std::vector<Router> routers;
  int id = 0;
  for (int i = 0; i < state.range(0); ++i)
    for (const char* path : {"PathPrefix(`/api/v1`)", "PathPrefix(`/static`)", "Path(`/`)"})
      routers.push_back(make_router("Host(`" + host_name(i) + "`) && " + path, id++));
  for (int i = 0; i < 10; ++i)
    routers.push_back(make_router("PathPrefix(`/a-shared-and-rather-long-prefix-" + std::to_string(i) + "`)", id++));
  const RouterTable table(std::move(routers));
  const std::string host = host_name(0);
  for (auto _ : state) benchmark::DoNotOptimize(table.find(request_for(host)));
}
BENCHMARK(find_by_path)->Arg(1)->Arg(1'000)->Arg(10'000);

void build_from_text(benchmark::State& state) {
  for (auto _ : state) benchmark::DoNotOptimize(RouterTable(host_routers(static_cast<int>(state.range(0)))).size());
}
BENCHMARK(build_from_text)->Arg(1'000)->Arg(10'000)->Unit(benchmark::kMillisecond);

// A change that leaves the rules as they were.
void build_from_rules(benchmark::State& state) {
  const auto routers = host_routers(static_cast<int>(state.range(0)));
  for (auto _ : state) benchmark::DoNotOptimize(RouterTable(routers).size());
}
BENCHMARK(build_from_rules)->Arg(1'000)->Arg(10'000)->Unit(benchmark::kMillisecond);

void make_path(benchmark::State& state, std::string_view path) {
  fl::Arena arena;
  for (auto _ : state) {
    benchmark::DoNotOptimize(routing::make_request_path(path, true, {}, arena));
    arena.reset();
  }
}
BENCHMARK_CAPTURE(make_path, plain, "/api/v1/items/0123456789abcdef");
BENCHMARK_CAPTURE(make_path, escapes, "/api/v1/items/%7e0123%2f456789abcdef");
BENCHMARK_CAPTURE(make_path, dot_segments, "/api/../v1/./items//0123456789abcdef");

}  // namespace
