// Runs tests/cases/rules/*.case: each case is a router table and requests for it. The form is told in every file.
#include <gtest/gtest.h>

#include <sstream>

#include "base/strings.h"
#include "proxy/routing/request_path.h"
#include "proxy/routing/router_table.h"
#include "proxy/rules/priority.h"
#include "support/router_cases.h"

namespace fl::proxy::routing {
namespace {

using rules::Rule;

// Who gets the request of "METHOD host target [cname=..] [from=..] [| Field: value]...".
std::string route(const RouterTable& table, const std::vector<std::string>& names, std::string_view text) {
  const auto parts = split(text, '|');
  std::istringstream words{std::string(parts[0])};
  std::string method, authority, target, word;
  words >> method >> authority >> target;
  if (authority == "-") authority.clear();
  Arena arena;
  http::HeaderMap headers;
  for (size_t i = 1; i < parts.size(); ++i) {
    const size_t colon = parts[i].find(':');
    headers.append(trim(parts[i].substr(0, colon)), trim(parts[i].substr(colon + 1)));
  }
  const size_t question = target.find('?');
  const std::string_view query = question == target.npos ? "" : std::string_view(target).substr(question + 1);
  const auto path = make_request_path(std::string_view(target).substr(0, question), true, {}, arena);
  if (!path) return "400";
  rules::RouteRequest request{.host = canonical_host(authority, arena),
                              .path = path->routing,
                              .method = method,
                              .query = make_query(query, false, arena),
                              .headers = headers};
  while (words >> word) {
    if (word.starts_with("cname=")) request.cname = arena.copy(word.substr(6));
    if (word.starts_with("from=")) request.client = net::IpAddress::parse(word.substr(5)).value();
  }
  const int found = table.find(request);
  // explain() has to tell the same story.
  int explained = -1;
  for (const Verdict& verdict : table.explain(request)) {
    EXPECT_EQ(verdict.matches, verdict.failed_matcher.empty());
    if (verdict.matches && explained < 0) explained = verdict.id;
  }
  EXPECT_EQ(explained, found) << text;
  return found < 0 ? "-" : names[static_cast<size_t>(found)];
}

TEST(RuleCases, All) {
  const auto cases = testing::read_router_cases(FL_SOURCE_DIR "/tests/cases/rules");
  ASSERT_GT(cases.size(), 100U);
  for (const testing::RouterCase& c : cases) {
    SCOPED_TRACE(c.place);
    ASSERT_FALSE(c.expected.empty());
    std::vector<Router> routers;
    std::vector<std::string> names;
    for (const testing::RouterLine& router : c.routers) {
      auto rule = Rule::compile(router.rule);
      if (c.expected[0].starts_with("! ")) {
        ASSERT_FALSE(rule) << router.rule;
        EXPECT_TRUE(rule.error().message.starts_with("parsing rule " + router.rule + ": ")) << rule.error().message;
        EXPECT_NE(rule.error().message.find(c.expected[0].substr(2)), std::string::npos) << rule.error().message;
        continue;
      }
      ASSERT_TRUE(rule) << rule.error().message;
      routers.push_back(
          {*rule, rules::user_priority(router.priority, router.rule).value(), static_cast<int>(names.size())});
      names.push_back(router.name);
    }
    if (routers.empty()) continue;
    const RouterTable table(std::move(routers));
    for (const std::string& line : c.expected) {
      const size_t space = line.find(' ');
      EXPECT_EQ(route(table, names, std::string_view(line).substr(space + 1)), line.substr(0, space)) << line;
    }
  }
}

}  // namespace
}  // namespace fl::proxy::routing
