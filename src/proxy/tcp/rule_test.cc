// Runs tests/cases/rules_tcp/*.case: each case is a router table and connections for it. The form is told in the file.
#include "proxy/tcp/rule.h"

#include <gtest/gtest.h>

#include <sstream>

#include "base/strings.h"
#include "proxy/tcp/router_table.h"
#include "support/router_cases.h"

namespace fl::proxy::tcp {
namespace {

// Who gets the connection of "SNI|- [from=..] [alpn=..,..]".
std::string route(const RouterTable& table, const std::string& text) {
  std::istringstream words(text);
  std::string server_name, word;
  words >> server_name;
  if (server_name == "-") server_name.clear();
  std::vector<std::string> alpn;
  ConnectionFacts facts{.server_name = server_name, .alpn = {}, .client = {}};
  while (words >> word) {
    if (word.starts_with("from=")) facts.client = net::IpAddress::parse(word.substr(5)).value();
    if (word.starts_with("alpn="))
      for (const auto protocol : split(word.substr(5), ',')) alpn.emplace_back(protocol);
  }
  facts.alpn = alpn;
  const RouterPtr* found = table.find(facts);
  // explain() has to tell the same story.
  const Router* explained = nullptr;
  for (const Verdict& verdict : table.explain(facts))
    if (verdict.failed_matcher.empty() && explained == nullptr) explained = verdict.router;
  EXPECT_EQ(explained, found == nullptr ? nullptr : found->get()) << text;
  return found == nullptr ? "-" : (*found)->name;
}

TEST(TcpRuleCases, All) {
  const auto cases = testing::read_router_cases(FL_SOURCE_DIR "/tests/cases/rules_tcp");
  ASSERT_GT(cases.size(), 20U);
  for (const testing::RouterCase& c : cases) {
    SCOPED_TRACE(c.place);
    ASSERT_FALSE(c.expected.empty());
    std::vector<RouterPtr> routers;
    for (const testing::RouterLine& line : c.routers) {
      const std::string& text = line.rule;
      auto rule = Rule::compile(text);
      if (c.expected[0].starts_with("! ")) {
        ASSERT_FALSE(rule) << text;
        EXPECT_TRUE(rule.error().message.starts_with("parsing rule " + text + ": ")) << rule.error().message;
        EXPECT_NE(rule.error().message.find(c.expected[0].substr(2)), std::string::npos) << rule.error().message;
        continue;
      }
      ASSERT_TRUE(rule) << rule.error().message;
      auto router = std::make_shared<Router>();
      router->name = line.name;
      router->rule = *rule;
      router->priority = router->rule->priority(line.priority);
      routers.push_back(std::move(router));
    }
    if (routers.empty()) continue;
    const RouterTable table(std::move(routers));
    for (const std::string& line : c.expected) {
      const size_t space = line.find(' ');
      EXPECT_EQ(route(table, line.substr(space + 1)), line.substr(0, space)) << line;
    }
  }
}

TEST(TcpRule, CatchAllIsTheLoneStar) {
  const auto is_catch_all = [](const char* text) { return Rule::compile(text).value()->is_catch_all(); };
  EXPECT_TRUE(is_catch_all("HostSNI(`*`)"));
  EXPECT_FALSE(is_catch_all("HostSNI(`*`) && ClientIP(`10.0.0.1`)"));
  EXPECT_FALSE(is_catch_all("!HostSNI(`*`)"));
  EXPECT_FALSE(is_catch_all("HostSNIRegexp(`.*`)"));
  EXPECT_FALSE(is_catch_all("HostSNI(`a.test`)"));
}

}  // namespace
}  // namespace fl::proxy::tcp
