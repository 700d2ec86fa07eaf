#include "providers/ecs/ecs_provider.h"

#include <gtest/gtest.h>
#include <sys/stat.h>

#include <cstdlib>
#include <ctime>
#include <filesystem>
#include <fstream>

#include "providers/ecs/fake_ecs_api.h"

namespace fl::providers::ecs {
namespace {

struct FakeClock final : Clock {
  TimePoint time{};
  TimePoint now() const override { return time; }
  WallTime wall() const override { return WallTime(std::chrono::seconds(1)); }
};

// A provider on a loop whose time the test moves.
class EcsProviderTest : public testing::Test, protected Sink {
 protected:
  void SetUp() override { loop.make_current(); }
  void TearDown() override {
    end();
    if (!folder.empty()) std::filesystem::remove_all(folder);
  }

  void start(config::statics::EcsProvider options) {
    auto made = EcsProvider::make(options, aws);
    ASSERT_TRUE(made) << made.error().message;
    provider = *std::move(made);
    is_running = true;
    net::spawn(run());
    pass(0s);
  }
  void end() {
    aws.hanging.clear();
    aws.watch_ends.request_stop();
    if (stop) stop->request_stop();
    for (int i = 0; is_running && i < 1000; ++i) loop.turn(false);
    ASSERT_FALSE(is_running);
    stop.emplace();
    provider.reset();
    last.reset();
    messages = 0;
  }
  net::Task<void> run() {
    co_await provider->run(*this, *stop);
    is_running = false;
  }
  void send(Message m) override {
    last = std::move(m);
    ++messages;
  }

  // Lets time go by in steps of at most 100 ms, and everything that is due happen.
  void pass(Duration time) {
    do {
      const Duration step = std::min<Duration>(time, 100ms);
      clock.time += step;
      time -= step;
      for (int i = 0; i < 10; ++i) loop.turn(false);
    } while (time > 0s);
  }
  void refresh() { pass(16s); }

  // "service=url,url ..."
  std::string servers() const {
    if (!last) return "nothing";
    std::string out;
    for (const auto& [name, service] : last->configuration->http.services) {
      out += (out.empty() ? "" : " ") + name + "=";
      for (const auto& server : service.load_balancer->servers) out += (out.back() == '=' ? "" : ",") + server.url;
    }
    return out;
  }
  std::string error_of(std::string_view source) const {
    for (const auto& s : provider->status())
      if (s.source == source) return s.error;
    return "no such source";
  }
  std::string state_path() {
    std::string name = std::filesystem::temp_directory_path() / "fl_ecs_XXXXXX";
    folder = ::mkdtemp(name.data());
    return folder / "state.json";
  }
  void fail_all(Code code, std::string cluster = "") {
    aws.fails = [=](std::string_view, std::string_view what) -> std::optional<Error> {
      if (!cluster.empty() && what != cluster) return std::nullopt;
      return Error{code, "refused"};
    };
  }

  FakeClock clock;
  net::Loop loop{clock};
  FakeEcsApi aws;
  const std::string web = aws.define("web", 1, "awsvpc", {});
  std::optional<net::StopSource> stop{std::in_place};
  std::unique_ptr<EcsProvider> provider;
  std::optional<Message> last;
  int messages = 0;
  bool is_running = false;
  std::filesystem::path folder;
};

TEST_F(EcsProviderTest, FollowsTasks) {
  aws.clusters["default"] = {FakeEcsApi::fargate(web, 1, "10.0.0.1")};
  start({});
  pass(100ms);
  EXPECT_EQ(servers(), "service-web-app=http://10.0.0.1:80");
  EXPECT_EQ(last->configuration->http.routers.at("service-web-app").rule, "Host(`service-web-app`)");
  aws.clusters["default"].push_back(FakeEcsApi::fargate(web, 2, "10.0.0.2"));
  refresh();
  EXPECT_EQ(servers(), "service-web-app=http://10.0.0.1:80,http://10.0.0.2:80");
  aws.clusters["default"][0].last_status = "DEACTIVATING";
  aws.clusters["default"][0].desired_status = "STOPPED";
  refresh();
  EXPECT_EQ(servers(), "service-web-app=http://10.0.0.2:80");
  refresh();
  EXPECT_EQ(messages, 3);  // nothing new, nothing sent
  aws.clusters["default"].clear();
  refresh();
  EXPECT_EQ(messages, 4);
  EXPECT_EQ(servers(), "");
}

TEST_F(EcsProviderTest, FollowsAWatchAtOnce) {
  aws.is_watchable = true;
  aws.clusters["default"] = {FakeEcsApi::fargate(web, 1, "10.0.0.1")};
  start({.refresh_seconds = 3600});
  pass(400ms);
  EXPECT_EQ(servers(), "service-web-app=http://10.0.0.1:80");
  const int readings = aws.calls["ListTasks"];
  pass(60s);
  EXPECT_EQ(aws.calls["ListTasks"], readings) << "reads though nothing has changed";

  aws.clusters["default"] = {FakeEcsApi::fargate(web, 1, "10.0.0.2")};
  aws.change();
  pass(400ms);
  EXPECT_EQ(servers(), "service-web-app=http://10.0.0.2:80");
  pass(60s);
  EXPECT_EQ(aws.calls["ListTasks"], readings + 1);

  // The watch breaks: the clock goes on, and it is tried again.
  aws.is_watchable = false;
  aws.change();
  pass(400ms);
  aws.clusters["default"] = {FakeEcsApi::fargate(web, 1, "10.0.0.3")};
  pass(60s);
  EXPECT_EQ(servers(), "service-web-app=http://10.0.0.2:80");
  aws.is_watchable = true;
  pass(EcsProvider::kAskForWatch + 1s);
  EXPECT_EQ(servers(), "service-web-app=http://10.0.0.3:80");
}

TEST_F(EcsProviderTest, FailureKeepsWhatWasKnown) {
  aws.clusters["a"] = {FakeEcsApi::fargate(web, 1, "10.0.0.1", "a")};
  aws.clusters["b"] = {FakeEcsApi::fargate(web, 2, "10.0.0.2", "b")};
  start({.clusters = {"a", "b"}});
  pass(100ms);
  const std::string both = "service-a-app=http://10.0.0.1:80 service-b-app=http://10.0.0.2:80";
  EXPECT_EQ(servers(), both);
  EXPECT_EQ(messages, 1);
  for (const Code code : {Code::throttled, Code::unavailable, Code::denied, Code::timeout, Code::invalid}) {
    fail_all(code, "a");
    refresh();
    EXPECT_EQ(servers(), both);
    EXPECT_EQ(error_of("a"), "refused");
    EXPECT_EQ(error_of("b"), "");
  }
  aws.clusters["b"][0] = FakeEcsApi::fargate(web, 3, "10.0.0.3", "b");
  aws.clusters["a"].clear();
  refresh();
  EXPECT_EQ(servers(), "service-a-app=http://10.0.0.1:80 service-b-app=http://10.0.0.3:80");
  aws.fails = nullptr;
  pass(90s);  // the longest back-off
  EXPECT_EQ(servers(), "service-b-app=http://10.0.0.3:80");
  EXPECT_EQ(error_of("a"), "");
}

TEST_F(EcsProviderTest, BackOffGrows) {
  fail_all(Code::unavailable);
  start({});
  pass(10min);
  // 0.5 s times 1.5 each, up to 60 s, give or take a half: some 20 tries; 40 when refreshed every 15 s.
  EXPECT_GT(aws.calls["ListTasks"], 12);
  EXPECT_LT(aws.calls["ListTasks"], 35);
  EXPECT_EQ(messages, 0);  // an error is no empty configuration
  aws.fails = nullptr;
  aws.clusters["default"] = {FakeEcsApi::fargate(web, 1, "10.0.0.1")};
  pass(90s);
  EXPECT_EQ(servers(), "service-web-app=http://10.0.0.1:80");
}

TEST_F(EcsProviderTest, HungClusterHoldsUpNobody) {
  aws.clusters["a"] = {FakeEcsApi::fargate(web, 1, "10.0.0.1", "a")};
  aws.clusters["b"] = {FakeEcsApi::fargate(web, 2, "10.0.0.2", "b")};
  aws.hanging = {"a"};
  start({.clusters = {"a", "b"}});
  pass(1900ms);
  EXPECT_EQ(servers(), "nothing");  // half of it would take the other half's routes away
  pass(200ms);
  EXPECT_EQ(servers(), "service-b-app=http://10.0.0.2:80");
  aws.clusters["b"][0] = FakeEcsApi::fargate(web, 3, "10.0.0.3", "b");
  refresh();
  EXPECT_EQ(servers(), "service-b-app=http://10.0.0.3:80");
  aws.hanging.clear();
  pass(200ms);
  EXPECT_EQ(servers(), "service-a-app=http://10.0.0.1:80 service-b-app=http://10.0.0.3:80");
}

TEST_F(EcsProviderTest, DiscoversClusters) {
  for (const char* name : {"a", "b", "c"}) aws.clusters[name] = {FakeEcsApi::fargate(web, 1, "10.0.0.1", name)};
  aws.page_size = 2;
  start({.auto_discover_clusters = true, .clusters = {"ignored"}});
  pass(100ms);
  EXPECT_EQ(servers(),
            "service-a-app=http://10.0.0.1:80 service-b-app=http://10.0.0.1:80 "
            "service-c-app=http://10.0.0.1:80");
  EXPECT_EQ(messages, 1);
  aws.clusters.erase("b");
  aws.clusters["d"] = {FakeEcsApi::fargate(web, 4, "10.0.0.4", "d")};
  refresh();
  EXPECT_EQ(servers(),
            "service-a-app=http://10.0.0.1:80 service-c-app=http://10.0.0.1:80 "
            "service-d-app=http://10.0.0.4:80");
  aws.fails = [](std::string_view operation, std::string_view) -> std::optional<Error> {
    if (operation != "ListClusters") return std::nullopt;
    return Error{Code::denied, "no"};
  };
  aws.clusters.erase("d");
  aws.clusters["a"].clear();
  refresh();
  EXPECT_EQ(servers(), "service-c-app=http://10.0.0.1:80 service-d-app=http://10.0.0.4:80");
  EXPECT_EQ(error_of("ListClusters"), "no");
}

TEST_F(EcsProviderTest, NoClustersAtAll) {
  fail_all(Code::denied);
  start({.auto_discover_clusters = true});
  pass(5s);
  EXPECT_EQ(servers(), "nothing");
  aws.fails = nullptr;
  pass(60s);
  EXPECT_EQ(servers(), "");
}

TEST_F(EcsProviderTest, RefusedDefinitionLosesOnlyItsTasks) {
  const std::string next = aws.define("web", 2, "awsvpc", {});
  aws.clusters["default"] = {FakeEcsApi::fargate(web, 1, "10.0.0.1")};
  start({});
  pass(100ms);
  fail_all(Code::throttled, next);
  aws.clusters["default"].push_back(FakeEcsApi::fargate(next, 2, "10.0.0.2"));
  refresh();
  EXPECT_EQ(servers(), "service-web-app=http://10.0.0.1:80");
  EXPECT_EQ(error_of("default"), next + ": refused");
  aws.fails = nullptr;
  pass(15s);
  EXPECT_EQ(servers(), "service-web-app=http://10.0.0.1:80,http://10.0.0.2:80");
  EXPECT_EQ(error_of("default"), "");
}

TEST_F(EcsProviderTest, StateFileCarriesOverARestart) {
  const config::statics::EcsProvider options{.clusters = {"default", "other"}, .state_file = state_path()};
  aws.clusters["default"] = {FakeEcsApi::fargate(web, 1, "10.0.0.1")};
  aws.clusters["other"] = {};
  start(options);
  pass(100ms);
  struct stat info{};
  ASSERT_EQ(::stat(options.state_file.c_str(), &info), 0);
  EXPECT_EQ(info.st_mode & 0777, 0600u);
  end();

  fail_all(Code::unavailable);
  start(options);
  pass(100ms);
  EXPECT_EQ(servers(), "service-web-app=http://10.0.0.1:80");
  EXPECT_EQ(error_of("default"), "refused");
  end();

  aws.fails = nullptr;
  aws.hanging = {"default"};
  start(options);
  pass(2100ms);
  EXPECT_EQ(servers(), "service-web-app=http://10.0.0.1:80");
  end();

  // A task whose definition cannot be read now is known from before.
  fail_all(Code::throttled, web);
  start(options);
  pass(100ms);
  EXPECT_EQ(servers(), "service-web-app=http://10.0.0.1:80");
  end();

  aws.fails = nullptr;
  aws.clusters["default"].clear();
  start(options);
  pass(100ms);
  EXPECT_EQ(servers(), "");
  end();

  std::ofstream(options.state_file) << "{}";
  start(options);
  EXPECT_TRUE(error_of(options.state_file).contains("not a state file"));
  pass(100ms);
  EXPECT_EQ(servers(), "");
}

TEST_F(EcsProviderTest, StateFile) {
  const auto labels = container::make_labels({{"a", "1"}, {"\"", "\n"}});
  const ClusterInstances clusters{
      {"c",
       {{.name = "n", .id = "1", .origin = "f", .revision = 3, .labels = labels, .ip = "::1", .ports = {{80, 81, 2}}},
        {.name = "n", .id = "2", .origin = "f", .revision = 3, .labels = labels, .ip = "::2"}}},
      {"empty", {}}};
  const auto again = decode_state(encode_state(clusters));
  ASSERT_TRUE(again) << again.error().message;
  EXPECT_EQ(*again, clusters);
  for (
      const char* text :
      {"", "[]", "{}", R"({"version":2,"labels":[],"clusters":{}})", R"({"version":1,"labels":[],"clusters":[]})",
       R"({"version":1,"labels":[1],"clusters":{}})", R"({"version":1,"labels":[],"clusters":{"c":[{}]}})",
       R"({"version":1,"labels":[{}],"clusters":{"c":[{"name":"n","ip":"1","revision":1,"labels":1,"ports":[]}]}})",
       R"({"version":1,"labels":[{}],"clusters":{"c":[{"name":"n","ip":"1","revision":1,"labels":0,"ports":[[1]]}]}})"})
    EXPECT_FALSE(decode_state(text)) << text;
  EXPECT_EQ(read_state("/nonexistent/state").error().code, Code::not_found);
  EXPECT_FALSE(write_state("/nonexistent/state", clusters));
}

TEST_F(EcsProviderTest, BadOptionsAreRefused) {
  EXPECT_EQ(EcsProvider::make({.default_rule = "{{ nope }}"}, aws).error().message,
            "providers.ecs.defaultRule: defaultRule:1:4: function \"nope\" not defined");
  EXPECT_FALSE(EcsProvider::make({.constraints = "Foo(`a`)"}, aws));
}

TEST_F(EcsProviderTest, TenThousandTasksInTwentyClusters) {
  std::vector<std::string> definitions;
  for (int i = 0; i < 100; ++i)
    definitions.push_back(
        aws.define("d" + std::to_string(i), 1, "bridge",
                   {{"traefik.http.routers.r" + std::to_string(i) + ".rule", "Host(`a.test`)"},
                    {"traefik.http.services.s" + std::to_string(i) + ".loadbalancer.server.port", "80"}},
                   0));
  for (int c = 0; c < 20; ++c) {
    const std::string cluster = "c" + std::to_string(c);
    for (int i = 0; i < 150; ++i)
      aws.add_machine(cluster + "-ci-" + std::to_string(i), cluster + "-i-" + std::to_string(i),
                      "10." + std::to_string(c) + ".0." + std::to_string(i));
    for (int t = 0; t < 500; ++t)
      aws.clusters[cluster].push_back(FakeEcsApi::bridged(definitions[static_cast<size_t>(t % 100)], c * 500 + t,
                                                          cluster + "-ci-" + std::to_string(t % 150), 32768 + t));
  }
  const std::clock_t before = std::clock();
  start({.auto_discover_clusters = true});
  pass(1s);
  const double seconds = static_cast<double>(std::clock() - before) / CLOCKS_PER_SEC;
  ASSERT_TRUE(last);
  EXPECT_EQ(messages, 1);
  EXPECT_EQ(last->configuration->http.services.size(), 100u);
  EXPECT_EQ(last->configuration->http.services.at("s0").load_balancer->servers.size(), 100u);
  const std::map<std::string, int> expected = {{"ListClusters", 1},
                                               {"ListTasks", 100},
                                               {"DescribeTasks", 100},
                                               {"DescribeTaskDefinition", 100},
                                               {"DescribeContainerInstances", 40},
                                               {"DescribeInstances", 40}};
  EXPECT_EQ(aws.calls, expected);
  RecordProperty("cpu_ms", static_cast<int>(seconds * 1000));
  EXPECT_LT(seconds, 1.0);
}

}  // namespace
}  // namespace fl::providers::ecs
