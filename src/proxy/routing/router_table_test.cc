#include "proxy/routing/router_table.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <random>

namespace fl::proxy::routing {
namespace {

using rules::Rule;

Router make_router(std::string_view rule, int64_t priority, int id) {
  auto compiled = Rule::compile(rule);
  EXPECT_TRUE(compiled) << compiled.error().message;
  return {*compiled, priority, id};
}

const http::HeaderMap kNoHeaders;

TEST(HostIndex, FindsWhatWasPutIn) {
  std::vector<std::string> names;
  for (int i = 0; i < 1000; ++i) names.push_back("host" + std::to_string(i) + ".test");
  std::vector<std::pair<std::string_view, uint32_t>> entries;
  for (uint32_t i = 0; i < 3000; ++i) entries.emplace_back(names[i % 1000], 3000 - i);
  entries.emplace_back(names[7], 3000 - 7);  // twice
  const HostIndex index(std::move(entries));
  for (uint32_t i = 0; i < 1000; ++i)
    EXPECT_THAT(index.find(names[i]), ::testing::ElementsAre(1000 - i, 2000 - i, 3000 - i));
  EXPECT_TRUE(index.find("host1000.test").empty());
  EXPECT_TRUE(index.find("").empty());
  EXPECT_TRUE(HostIndex().find("a").empty());
}

TEST(RouterTable, EmptyTableFindsNobody) {
  EXPECT_EQ(RouterTable().find({.host = "a", .headers = kNoHeaders}), -1);
  EXPECT_EQ(RouterTable(std::vector<Router>{}).find({.host = "", .headers = kNoHeaders}), -1);
  EXPECT_TRUE(RouterTable().explain({.host = "a", .headers = kNoHeaders}).empty());
}

TEST(RouterTable, ExplainTellsOfEveryRouterInOrder) {
  const RouterTable table({make_router("Host(`a`)", 1, 10), make_router("Host(`b`) && !Method(`GET`)", 3, 11),
                           make_router("Path(`/`)", 2, 12)});
  const auto verdicts = table.explain({.host = "b", .path = "/", .method = "GET", .headers = kNoHeaders});
  ASSERT_EQ(verdicts.size(), 3U);
  EXPECT_EQ(verdicts[0].id, 11);
  EXPECT_EQ(verdicts[0].priority, 3);
  EXPECT_FALSE(verdicts[0].matches);
  EXPECT_EQ(verdicts[0].failed_matcher, "!Method(`GET`)");
  EXPECT_EQ(verdicts[1].id, 12);
  EXPECT_TRUE(verdicts[1].matches);
  EXPECT_EQ(verdicts[2].id, 10);
  EXPECT_EQ(verdicts[2].failed_matcher, "Host(`a`)");
}

TEST(RouterTable, RulesAreShared) {
  const auto rule = *Rule::compile("Host(`a`)");
  const RouterTable one({{rule, 1, 0}}), two({{rule, 2, 5}});
  EXPECT_EQ(two.find({.host = "a", .headers = kNoHeaders}), 5);
  EXPECT_EQ(rule.use_count(), 3);
}

// The index may only ever save work: it must answer as trying every rule in order does.
TEST(RouterTable, AgreesWithALinearSearch) {
  std::mt19937 random(20260724);
  const auto pick = [&](auto&& from) { return std::string(from[random() % std::size(from)]); };
  constexpr std::string_view hosts[] = {"a", "b.a", "c.a", "x.b.a", "d", ""};
  constexpr std::string_view leaves[] = {"Host(`a`)",    "Host(`b.a`)", "Host(`*.a`)",     "Host(`*.b.a`)",
                                         "Host(`*`)",    "Path(`/1`)",  "PathPrefix(`/`)", "Method(`GET`)",
                                         "Host(`c.a.`)", "Host(`D`)",   "HostRegexp(`a`)"};
  constexpr std::string_view paths[] = {"/1", "/2"}, methods[] = {"GET", "PUT"};
  const auto make_rule = [&](auto& self, int depth) -> std::string {
    switch (depth == 0 ? 0U : random() % 4) {
      case 1: return "(" + self(self, depth - 1) + " && " + self(self, depth - 1) + ")";
      case 2: return "(" + self(self, depth - 1) + " || " + self(self, depth - 1) + ")";
      case 3: return "!" + self(self, depth - 1);
      default: return pick(leaves);
    }
  };
  for (int round = 0; round < 300; ++round) {
    std::vector<Router> routers;
    for (int i = 0; i < 12; ++i)
      routers.push_back(make_router(make_rule(make_rule, 3), static_cast<int64_t>(random() % 4), i));
    const RouterTable table(routers);
    for (int i = 0; i < 40; ++i) {
      const std::string host = pick(hosts), cname = pick(hosts), path = pick(paths), method = pick(methods);
      const rules::RouteRequest request{
          .host = host, .cname = cname, .path = path, .method = method, .headers = kNoHeaders};
      const Router* best = nullptr;
      for (const Router& router : routers)
        if (router.rule->matches(request) && (best == nullptr || router.priority > best->priority)) best = &router;
      ASSERT_EQ(table.find(request), best == nullptr ? -1 : best->id)
          << (best == nullptr ? "nobody" : std::string(best->rule->text())) << " for " << host << " " << cname;
    }
  }
}

}  // namespace
}  // namespace fl::proxy::routing
