#include "proxy/snapshot_builder.h"

#include <gtest/gtest.h>

#include <thread>

namespace fl::proxy {
namespace {

using config::dynamic::Configuration;

class SnapshotBuilderTest : public ::testing::Test {
 protected:
  SnapshotBuilderTest() {
    configuration.http.services["app@file"] = balancer({"http://10.0.0.1"});
    configuration.http.routers["web@file"] = router("app@file", "Host(`a.test`)");
  }
  static config::dynamic::Service balancer(const std::vector<std::string>& urls) {
    config::dynamic::Service service;
    service.load_balancer.emplace();
    for (const auto& url : urls) service.load_balancer->servers.push_back({.url = url});
    return service;
  }
  static config::dynamic::Service weighted(const std::vector<std::string>& names) {
    config::dynamic::Service service;
    service.weighted.emplace();
    for (const auto& name : names) service.weighted->services.push_back({.name = name});
    return service;
  }
  static config::dynamic::Router router(std::string service, std::string rule) {
    return {.entry_points = {"web"}, .service = std::move(service), .rule = std::move(rule)};
  }
  const BuildResult& build(const std::vector<config::Issue>& issues = {}) {
    return built = builder.build(std::make_shared<const Configuration>(configuration), issues);
  }
  std::shared_ptr<const RouterSnapshot> served(std::string_view name, size_t entry_point = 0) const {
    for (const auto& r : built.snapshot->entry_points[entry_point].http.routers)
      if (r->name == name) return r;
    return nullptr;
  }
  // Names in the order they are asked.
  std::vector<std::string> order() const {
    std::vector<std::string> out;
    for (const auto& r : built.snapshot->entry_points[0].http.routers) out.push_back(r->name);
    return out;
  }

  std::vector<uint32_t> retired_upstreams, retired_balancers;
  std::shared_ptr<SlotTable> upstreams =
      std::make_shared<SlotTable>([this](uint32_t n) { retired_upstreams.push_back(n); });
  std::shared_ptr<SlotTable> balancers =
      std::make_shared<SlotTable>([this](uint32_t n) { retired_balancers.push_back(n); });
  Configuration configuration;
  SnapshotBuilder builder{BuildInputs{.entry_points = {"web", "admin"},
                                      .udp_entry_points = {},
                                      .precedence = {"file", "ecs"},
                                      .internal_services = {},
                                      .default_transport = {.name = "default@internal"},
                                      .upstream_slots = upstreams,
                                      .balancer_slots = balancers}};
  BuildResult built;
};

TEST_F(SnapshotBuilderTest, ServesWhatIsRight) {
  configuration.http.routers["web@file"].entry_points = {"web", "admin", "nowhere"};
  build();
  EXPECT_NE(served("web@file", 0), nullptr);
  EXPECT_EQ(served("web@file", 0), served("web@file", 1));
  const RouterReport& report = built.report->routers.at("web@file");
  EXPECT_EQ(report.status, Status::warning);
  EXPECT_EQ(report.using_, (std::vector<std::string>{"admin", "web"}));
  EXPECT_EQ(report.errors, std::vector<std::string>{"entryPoint \"nowhere\" doesn't exist"});
  EXPECT_EQ(report.priority, 14);
  EXPECT_EQ(built.report->used_by().http.services.at("app@file"), std::vector<std::string_view>{"web@file"});
  ASSERT_EQ(built.report->services.at("app@file").servers.size(), 1U);
  EXPECT_EQ(built.report->services.at("app@file").servers[0].url, "http://10.0.0.1");
}

TEST_F(SnapshotBuilderTest, WhatIsWrongIsDisabledWithItsReason) {
  auto& http = configuration.http;
  http.routers["no-rule@file"] = router("app@file", "Nonsense(`x`)");
  http.routers["no-service@file"] = router("", "Path(`/`)");
  http.routers["lost@file"] = router("gone@file", "Path(`/`)");
  http.routers["nowhere@file"] = router("app@file", "Path(`/`)");
  http.routers["nowhere@file"].entry_points = {"other"};
  http.routers["no-middleware@file"] = router("app@file", "Path(`/`)");
  http.routers["no-middleware@file"].middlewares = {"gone@file"};
  http.routers["bad-server@file"] = router("bad@file", "Path(`/`)");
  http.services["bad@file"] = balancer({"ftp//x"});
  http.services["empty@file"] = {};
  http.services["no-transport@file"] = balancer({"http://a"});
  http.services["no-transport@file"].load_balancer->servers_transport = "gone@file";
  build();
  const std::pair<std::string, std::string> routers[] = {
      {"no-rule@file", "Nonsense"},
      {"no-service@file", "router has no service"},
      {"lost@file", "the service \"gone@file\" does not exist"},
      {"nowhere@file", "entryPoint \"other\" doesn't exist"},
      {"no-middleware@file", "middleware \"gone@file\" does not exist"},
      {"bad-server@file", "error parsing server URL ftp//x"},
  };
  for (const auto& [name, reason] : routers) {
    const auto& report = built.report->routers.at(name);
    EXPECT_EQ(report.status, Status::disabled) << name;
    ASSERT_FALSE(report.errors.empty()) << name;
    EXPECT_NE(report.errors.front().find(reason), std::string::npos) << report.errors.front();
    EXPECT_EQ(served(name), nullptr);
  }
  for (const auto name : {"bad@file", "empty@file", "no-transport@file"})
    EXPECT_EQ(built.report->services.at(name).status, Status::disabled) << name;
  EXPECT_NE(served("web@file"), nullptr);
}

TEST_F(SnapshotBuilderTest, RoutersOfADefaultRuleAreGuarded) {
  build();
  const auto plain = served("web@file")->handler;
  configuration.http.routers["web@file"].from_default_rule = true;
  build();
  EXPECT_NE(served("web@file")->handler, plain);
  configuration.http.routers["web@file"].from_default_rule = false;
  build();
  EXPECT_EQ(served("web@file")->handler, plain) << "the service itself: there are no middlewares";
}

TEST_F(SnapshotBuilderTest, ServicesThatContainThemselves) {
  auto& services = configuration.http.services;
  services["self@file"] = weighted({"self@file"});
  services["a@file"] = weighted({"app@file", "b@file"});
  services["b@file"] = weighted({"a@file"});
  services["above@file"] = weighted({"b@file"});
  services["twice@file"] = weighted({"app@file", "app@file"});  // no cycle
  build();
  for (const auto name : {"self@file", "a@file", "b@file", "above@file"})
    EXPECT_EQ(built.report->services.at(name).status, Status::disabled) << name;
  EXPECT_NE(built.report->services.at("self@file").errors.front().find("contains itself"), std::string::npos);
  EXPECT_EQ(built.report->services.at("twice@file").status, Status::enabled);
}

TEST_F(SnapshotBuilderTest, IssuesOfDecodingBelongToTheirObjects) {
  build({{.severity = config::Severity::error, .path = "p", .text = "bad", .kind = "http.routers", .object = "x@file"},
         {.severity = config::Severity::warning,
          .path = "p",
          .text = "odd",
          .kind = "http.routers",
          .object = "web@file"}});
  EXPECT_EQ(built.report->routers.at("x@file").status, Status::disabled);
  EXPECT_EQ(built.report->routers.at("web@file").status, Status::warning);
  EXPECT_NE(served("web@file"), nullptr);
}

TEST_F(SnapshotBuilderTest, WhatDidNotChangeIsTheSame) {
  configuration.http.services["other@file"] = balancer({"http://10.0.0.2"});
  configuration.http.services["both@file"] = weighted({"app@file", "other@file"});
  configuration.http.routers["other@file"] = router("other@file", "Host(`b.test`)");
  configuration.http.routers["both@file"] = router("both@file", "Host(`c.test`)");
  build();
  const auto web = served("web@file"), other = served("other@file"), both = served("both@file");
  build();
  EXPECT_EQ(served("web@file"), web);
  EXPECT_EQ(served("other@file"), other);
  EXPECT_EQ(served("both@file"), both);
  configuration.http.services["other@file"] = balancer({"http://10.0.0.2", "http://10.0.0.3"});
  build();
  EXPECT_EQ(served("web@file"), web);
  EXPECT_NE(served("other@file"), other);
  EXPECT_NE(served("both@file"), both);    // through its child
  EXPECT_TRUE(retired_balancers.empty());  // cursors stay
  configuration.http.routers["web@file"].priority = 7;
  build();
  EXPECT_NE(served("web@file"), web);
}

TEST_F(SnapshotBuilderTest, PrioritiesAndTies) {
  auto& routers = configuration.http.routers;
  routers.clear();
  routers["b@ecs"] = routers["a@ecs"] = routers["z@file"] = routers["k@docker"] = router("app@file", "Path(`/x`)");
  build();
  // One rule, one priority: by the providers' precedence, then by name.
  EXPECT_EQ(order(), (std::vector<std::string>{"z@file", "a@ecs", "b@ecs", "k@docker"}));
  routers["b@ecs"].priority = 1000;
  routers["a@ecs"].priority = -5;
  build();
  EXPECT_EQ(built.report->routers.at("b@ecs").priority, 1000);
  EXPECT_EQ(built.report->routers.at("a@ecs").priority, -5);
  EXPECT_EQ(built.report->routers.at("z@file").priority, 10);
}

TEST_F(SnapshotBuilderTest, SlotsLiveAsLongAsTheirSnapshots) {
  configuration.http.services["same@file"] = balancer({"http://10.0.0.1:80"});  // the same server, one pool
  auto first = build();
  configuration.http = {};
  build();
  EXPECT_TRUE(retired_upstreams.empty());  // `first` may still serve
  first = {};
  build();
  EXPECT_EQ(retired_upstreams.size(), 1U);
  EXPECT_EQ(retired_balancers.size(), 2U);
  const uint32_t fresh = upstreams->take();
  EXPECT_NE(fresh, retired_upstreams[0]);  // not before the workers have cleared it
  upstreams->recycle(retired_upstreams[0]);
  EXPECT_EQ(upstreams->take(), retired_upstreams[0]);
}

TEST_F(SnapshotBuilderTest, ServerThatComesBackBeforeItWasForgotten) {
  build();
  const auto keep = built;
  configuration.http.services.clear();
  configuration.http.routers.clear();
  build();
  configuration.http.services["app@file"] = balancer({"http://10.0.0.1"});
  build();
  EXPECT_TRUE(retired_upstreams.empty());
}

TEST(SlotTable, ManyThreads) {
  std::shared_ptr<SlotTable> table;
  table = std::make_shared<SlotTable>([&table](uint32_t n) { table->recycle(n); });
  std::vector<std::thread> threads;
  for (int t = 0; t < 4; ++t)
    threads.emplace_back([&table] {
      for (int i = 0; i < 2000; ++i) {
        const Slot a(table), b(table);
        EXPECT_NE(a.number(), b.number());
        EXPECT_LT(a.number(), 8U);
      }
    });
  for (auto& thread : threads) thread.join();
}

}  // namespace
}  // namespace fl::proxy
