#include "telemetry/registry.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <atomic>
#include <deque>
#include <thread>

namespace fl::telemetry {
namespace {

using ::testing::HasSubstr;
using ::testing::Not;

RequestRecord request(std::string_view service) {
  RequestRecord r;
  r.service = service;
  r.method_id = http::Method::get;
  r.status = r.origin_status = 200;
  return r;
}

net::Task<> scrape_into(Registry& registry, std::string& page, bool& done) {
  page = co_await registry.render();
  done = true;
}

// One loop is main and the only worker.
class RegistryTest : public ::testing::Test {
 protected:
  RegistryTest() {
    loop.make_current();
    registry.add_worker(loop, metrics);
  }
  std::string scrape() {
    std::string page;
    bool done = false;
    net::spawn(scrape_into(registry, page, done));
    while (!done) loop.turn(true);
    loop.turn(false);  // letters sent after the page
    return page;
  }

  net::Loop loop;
  MetricsOptions options;
  WorkerMetrics metrics{options, 1};
  Registry registry{loop, options, {{"web"}}};
};

TEST_F(RegistryTest, RemovedSeriesAreShownOnceMore) {
  metrics.count(request("old@file"));
  metrics.count(request("app@file"));
  registry.set_server_up("old@file", "http://1", true);
  registry.set_server_up("app@file", "http://2", true);
  registry.set_server_up("app@file", "http://3", false);
  EXPECT_THAT(scrape(), Not(HasSubstr("last_reload_success")));
  EXPECT_THAT(scrape(), HasSubstr("old@file"));

  registry.config_applied([] { return ConfiguredNames{.routers = {}, .services = {{"app@file", {"http://2"}}}}; },
                          WallTime(1795230000s));
  const std::string once_more = scrape();
  EXPECT_THAT(once_more, HasSubstr("traefik_config_reloads_total 1\n"));
  EXPECT_THAT(once_more, HasSubstr("traefik_config_last_reload_success 1795230000\n"));
  EXPECT_THAT(
      once_more,
      HasSubstr(
          "traefik_service_requests_total{code=\"200\",method=\"GET\",protocol=\"http\",service=\"old@file\"} 1"));
  EXPECT_THAT(once_more, HasSubstr("http://3"));

  metrics.count(request("app@file"));
  const std::string after = scrape();
  EXPECT_THAT(after, Not(HasSubstr("old@file")));
  EXPECT_THAT(after, Not(HasSubstr("http://3")));
  EXPECT_THAT(after, HasSubstr("service=\"app@file\"} 2\n"));
  EXPECT_THAT(after, HasSubstr("entrypoint=\"web\",method=\"GET\",protocol=\"http\"} 3\n"));
}

TEST_F(RegistryTest, WithoutWorkers) {
  Registry none(loop, options, {{"web"}});
  std::string page;
  bool done = false;
  net::spawn(scrape_into(none, page, done));
  while (!done) loop.turn(true);
  EXPECT_THAT(page, HasSubstr("traefik_open_connections{entrypoint=\"web\",protocol=\"TCP\"} 0\n"));
}

net::Detached count_and_scrape(net::Loop& loop, WorkerMetrics& metrics, Registry& registry, int worker,
                               std::atomic<int>& running) {
  const std::string own = "worker" + std::to_string(worker) + "@file";
  for (int round = 0; round < 50; ++round) {
    for (int i = 0; i < 20; ++i) {
      metrics.connection_opened(0);
      metrics.count(request(own));
      metrics.count(request("shared@file"));
      metrics.connection_closed(0);
    }
    if (round % 10 == worker) {
      const std::string page = co_await registry.render();
      EXPECT_THAT(page, HasSubstr("shared@file"));
      EXPECT_EQ(&net::Loop::current(), &loop);
    } else {
      co_await net::yield();
    }
  }
  --running;
}

// Workers count and scrape while the configuration loses some of their services.
TEST(Registry, FourWorkersAndMain) {
  constexpr int kWorkers = 4;
  net::Loop main;
  main.make_current();
  const MetricsOptions options;
  Registry registry(main, options, {{"web"}});
  std::deque<net::Loop> loops(kWorkers);
  std::deque<WorkerMetrics> metrics;
  for (auto& loop : loops) registry.add_worker(loop, metrics.emplace_back(options, 1u));

  std::atomic<int> running = kWorkers;
  std::vector<std::thread> threads;
  for (size_t w = 0; w < kWorkers; ++w) {
    loops[w].post([&, w] { count_and_scrape(loops[w], metrics[w], registry, static_cast<int>(w), running); });
    threads.emplace_back([&loops, w] { loops[w].run(); });
  }
  registry.config_applied(
      [] { return ConfiguredNames{.routers = {}, .services = {{"shared@file", {}}, {"worker0@file", {}}}}; },
      WallTime{});
  std::string page;
  while (running > 0) {
    bool done = false;
    net::spawn(scrape_into(registry, page, done));
    while (!done) main.turn(true);
  }
  for (int last = 0; last < 2; ++last) {
    bool done = false;
    net::spawn(scrape_into(registry, page, done));
    while (!done) main.turn(true);
  }
  for (auto& loop : loops) loop.stop();
  for (auto& thread : threads) thread.join();
  EXPECT_THAT(page, HasSubstr("service=\"shared@file\"} 4000\n"));
  EXPECT_THAT(page, HasSubstr("service=\"worker0@file\"} 1000\n"));
  EXPECT_THAT(page, Not(HasSubstr("worker1@file")));
  EXPECT_THAT(page, HasSubstr("traefik_entrypoint_requests_total{code=\"200\",entrypoint=\"web\",method=\"GET\","
                              "protocol=\"http\"} 8000\n"));
  EXPECT_THAT(page, HasSubstr("traefik_open_connections{entrypoint=\"web\",protocol=\"TCP\"} 0\n"));
}

}  // namespace
}  // namespace fl::telemetry
