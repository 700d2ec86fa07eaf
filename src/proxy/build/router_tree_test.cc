#include "proxy/build/router_tree.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace fl::proxy {
namespace {

using ::testing::ElementsAre;

struct Case {
  const char* what;
  struct Line {
    std::string name;
    std::vector<std::string> parents;
    bool has_service;
    std::vector<std::string> errors;  // "!" before one: the router cannot serve
  };
  std::vector<Line> routers;
};

const Case kCases[] = {
    {"one layer", {{"a", {}, true, {}}, {"b", {}, false, {}}}},  // b's missing service is not the tree's business
    {"children", {{"a", {}, false, {}}, {"b", {"a"}, true, {}}, {"c", {"a", "a"}, true, {}}}},
    {"three layers, two parents",
     {{"a", {}, false, {}}, {"b", {"a"}, false, {}}, {"c", {"b", "a"}, true, {}}, {"z", {"b"}, true, {}}}},
    {"no such parent", {{"b", {"a"}, true, {"!parent router \"a\" does not exist", "!router is not reachable"}}}},
    {"nobody leads there",
     {{"a", {"b"}, false, {"!router is not reachable"}}, {"b", {"a"}, false, {"!router is not reachable"}}}},
    {"a circle that ends in nothing",
     {{"a", {}, false, {}},
      {"b", {"a", "d"}, false, {}},
      {"c", {"b"}, false, {}},
      {"d",
       {"c"},
       false,
       {"cyclic reference detected in router tree: b -> c -> d -> b", "!router has no service and no child routers"}}}},
    {"a circle with a way out",
     {{"a", {}, false, {}},
      {"b", {"a", "d"}, false, {}},
      {"c", {"b"}, false, {}},
      {"d", {"c"}, false, {"cyclic reference detected in router tree: b -> c -> d -> b"}},
      {"e", {"d"}, true, {}}}},
    {"its own parent",
     {{"a", {}, false, {}}, {"b", {"a", "b"}, true, {"cyclic reference detected in router tree: b -> b"}}}},
    {"a service and children",
     {{"a", {}, true, {"!router has both a service and is referenced as a parent by other routers"}},
      {"b", {"a"}, true, {}}}},
};

TEST(RouterTree, WhatIsWrong) {
  for (const Case& c : kCases) {
    SCOPED_TRACE(c.what);
    RouterTree::Routers routers;
    for (const auto& line : c.routers)
      routers[line.name] = {.service = line.has_service ? "s" : "", .parent_refs = line.parents};
    const RouterTree tree(routers);
    for (const auto& line : c.routers) {
      RouterReport report;
      const bool serves = tree.add_issues(line.name, report);
      std::vector<std::string> errors;
      bool disabled = false;
      for (std::string_view error : line.errors) {
        disabled |= error.starts_with('!');
        errors.emplace_back(error.substr(error.starts_with('!')));
      }
      EXPECT_EQ(report.errors, errors) << line.name;
      EXPECT_EQ(serves, !disabled) << line.name;
      EXPECT_EQ(tree.has_issues(line.name), !errors.empty()) << line.name;
      EXPECT_EQ(report.status, disabled ? Status::disabled : errors.empty() ? Status::enabled : Status::warning);
    }
  }
}

std::vector<std::string> names(const std::vector<RouterTree::Entry>& routers) {
  std::vector<std::string> out;
  for (const auto& router : routers) out.push_back(router->first);
  return out;
}

TEST(RouterTree, Children) {
  RouterTree::Routers routers;
  routers["a"] = {};
  routers["b"] = {.parent_refs = {"a", "c"}};
  routers["c"] = {.service = "s", .parent_refs = {"b", "a"}};
  const RouterTree tree(routers);
  EXPECT_THAT(names(tree.children("a")), ElementsAre("b", "c"));
  EXPECT_THAT(names(tree.children("b")), ElementsAre("c"));
  EXPECT_THAT(names(tree.children("c")), ElementsAre()) << "the circle is cut";
  EXPECT_THAT(names(tree.children("none")), ElementsAre());
}

TEST(RouterTree, WhatOnlyRootsMayHave) {
  RouterTree::Routers routers;
  routers["a"] = {};
  routers["points"] = {.entry_points = {"web"}, .service = "s", .parent_refs = {"a"}};
  routers["tls"] = {.service = "s", .parent_refs = {"a"}, .tls = config::dynamic::RouterTls()};
  routers["seen"] = {.service = "s", .parent_refs = {"a"}, .observability = config::dynamic::RouterObservability()};
  const RouterTree tree(routers);
  for (const auto& [name, text] : {std::pair{"points", "Entrypoints"}, {"tls", "TLS"}, {"seen", "Observability"}}) {
    RouterReport report;
    EXPECT_FALSE(tree.add_issues(name, report));
    EXPECT_THAT(report.errors, ElementsAre(std::string("non-root router cannot have ") + text + " configuration"));
  }
}

TEST(RouterTree, DepthIsLimited) {
  RouterTree::Routers routers;
  const auto name = [](int i) { return "r" + std::to_string(1000 + i); };
  for (int i = 0; i < 100; ++i)
    routers[name(i)] = {.parent_refs = i == 0 ? std::vector<std::string>() : std::vector{name(i - 1)}};
  const RouterTree tree(routers);
  EXPECT_FALSE(tree.has_issues(name(63)));
  RouterReport report;
  EXPECT_FALSE(tree.add_issues(name(64), report));
  EXPECT_EQ(report.errors[0], "there are more than 64 routers above this one");
}

}  // namespace
}  // namespace fl::proxy
