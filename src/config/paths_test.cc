#include "config/paths.h"

#include <gtest/gtest.h>

#include <fstream>

#include "base/strings.h"
#include "config/encode.h"
#include "config/static/configuration.h"

namespace fl::config {
namespace {

std::string path(std::string_view text) {
  const auto segments = split_path(text);
  return segments ? join(*segments, " ") : segments.error().message;
}

std::string variable(std::string_view name) {
  const auto segments = split_variable(name, type_of<statics::Configuration>);
  return segments ? join(*segments, " ") : segments.error().message;
}

TEST(SplitPath, Segments) {
  EXPECT_EQ(path("http.routers.Web.rule"), "http routers Web rule");
  EXPECT_EQ(path("tls.domains[0].main"), "tls domains [0] main");
  EXPECT_EQ(path("a..b"), "\"a..b\": an empty segment");
  EXPECT_EQ(path(""), "\"\": an empty segment");
  EXPECT_EQ(path("a."), "\"a.\": an empty segment");
  EXPECT_EQ(path("a.[0]"), "\"a.[0]\": a segment cannot begin with a bracket");
  for (const char* bad : {"a[x]", "a[]", "a]", "a[-1]"})
    EXPECT_NE(path(bad).find("an index is written [0]"), std::string::npos) << bad;
}

TEST(SplitPath, DepthIsBounded) {
  std::string deep = "a";
  for (int i = 1; i < 64; ++i) deep += ".a";
  EXPECT_EQ(split_path(deep)->size(), 64U);
  EXPECT_FALSE(split_path(deep + ".a"));
}

TEST(SplitVariable, NumbersAreIndexesWhereThereIsAList) {
  EXPECT_EQ(variable("ENTRYPOINTS_WEB_ADDRESS"), "entrypoints web address");
  EXPECT_EQ(variable("ENTRYPOINTS_80_ADDRESS"), "entrypoints 80 address");
  EXPECT_EQ(variable("ENTRYPOINTS_WEB_HTTP_TLS_DOMAINS_0_MAIN"), "entrypoints web http tls domains [0] main");
  EXPECT_EQ(variable("ENTRYPOINTS_WEB_HTTP_TLS_DOMAINS[1]_MAIN"), "entrypoints web http tls domains [1] main");
  EXPECT_EQ(variable("PING__ENTRYPOINT"), "\"PING__ENTRYPOINT\": an empty segment");
}

TEST(BuildTree, FirstSpellingOfANameStays) {
  std::vector<Issue> issues;
  const Setting settings[] = {{{"http", "Routers", "Web", "rule"}, "a", "label 1"},
                              {{"HTTP", "routers", "web", "service"}, "b", "label 2"},
                              {{"http", "routers", "web"}, "true", "label 3"}};
  const Document document = build_tree(settings, issues);
  const Value& web = *document.root().first->first->first;
  EXPECT_EQ(web.key, "Web");
  EXPECT_EQ(web.size, 2U);
  EXPECT_EQ(web.text, "true");
  EXPECT_TRUE(issues.empty());
}

TEST(BuildTree, ContradictionsAreIssues) {
  std::vector<Issue> issues;
  const Setting settings[] = {{{"a", "b"}, "1", "x"}, {{"a", "[0]"}, "2", "y"}, {{"A", "B"}, "3", "z"}};
  const Document document = build_tree(settings, issues);
  EXPECT_EQ(document.root().find("a")->find("b")->text, "3");
  EXPECT_EQ(to_text(issues),
            "y: a.[0]: is a list in one place and a group in another\nz: A.B: is set twice; this one counts\n");
}

// Every option of Traefik is in the tables, with Traefik's default where fairlead has a value of it.
TEST(StaticTables, KnowEveryOptionOfTraefik) {
  std::ifstream file(std::string(FL_SOURCE_DIR) + "/tests/cases/config/static_options.txt");
  int count = 0;
  for (std::string line; std::getline(file, line);) {
    if (line.starts_with('#')) continue;
    ++count;
    const size_t equals = line.find(" = ");
    std::vector<std::string> path;
    for (const std::string& segment : *split_path(line.substr(0, std::min(line.find("[n]"), equals))))
      path.push_back(segment == "<n>" ? "any" : segment);
    const Destination to = resolve(type_of<statics::Configuration>, path);
    EXPECT_TRUE(to.type != nullptr || (to.field != nullptr && to.field->has(kUnsupported))) << line;
    if (equals == line.npos || to.type == nullptr || to.field == nullptr || to.type->kind == Type::Kind::structure)
      continue;
    const std::string expected = line.substr(equals + 3);
    const void* actual = to.field->in(to.owner->defaults);
    switch (to.type->kind) {
      case Type::Kind::duration:
        EXPECT_EQ(*parse_duration(expected), *static_cast<const Duration*>(actual)) << line;
        break;
      case Type::Kind::text: EXPECT_EQ(expected, *static_cast<const std::string*>(actual)) << line; break;
      case Type::Kind::list: {
        const json::Value items = encode_json(*to.type, actual);
        EXPECT_EQ(items.if_array()->size(), split_list(expected).size()) << line;
        break;
      }
      default: EXPECT_EQ(json::to_text(encode_json(*to.type, actual)), expected) << line;
    }
  }
  EXPECT_EQ(count, 540);
}

}  // namespace
}  // namespace fl::config
