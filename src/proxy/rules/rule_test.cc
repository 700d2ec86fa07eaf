#include "proxy/rules/rule.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "proxy/rules/priority.h"
#include "proxy/rules/query.h"

namespace fl::proxy::rules {
namespace {

using ::testing::ElementsAre;

std::shared_ptr<const Rule> compile(std::string_view text) {
  auto rule = Rule::compile(text);
  EXPECT_TRUE(rule) << rule.error().message;
  return *rule;
}

TEST(Rule, RequiredHostsAreThoseItCannotMatchWithout) {
  struct Case {
    std::string_view rule;
    std::string_view want;  // joined by a space; "any" when it may match on every host
  };
  for (const Case& c : std::initializer_list<Case>{
           {"Host(`A.test.`)", "a.test"},
           {"Host(`*.a.test`)", "*.a.test"},
           {"Host(`*`)", "any"},
           {"!Host(`a`)", "any"},
           {"!!Host(`a`)", "a"},
           {"Path(`/`)", "any"},
           {"HostRegexp(`^a$`)", "any"},
           {"Host(`a`) || Host(`b`)", "a b"},
           {"Host(`a`) || Path(`/`)", "any"},
           {"Host(`a`) && Path(`/`)", "a"},
           {"Path(`/`) && Host(`a`)", "a"},
           {"!Path(`/`) && !(!Host(`a`) || Method(`GET`))", "a"},
           {"Host(`a`) && (Host(`b`) || Host(`c`))", "a"},
           {"(Host(`a`) || Host(`b`)) && Host(`*`)", "a b"},
           {"(Host(`a`) && Path(`/`)) || (Host(`b`) && Path(`/x`))", "a b"},
           {"(Host(`a`) && Path(`/`)) || (Host(`b`) || Path(`/x`))", "any"},
           {"Host(`a`) && Path(`/`) || Host(`b`) && Host(`c`)", "a b"},
       }) {
    const auto rule = compile(c.rule);
    std::string got;
    if (!rule->required_hosts()) got = "any";
    for (const auto& host : rule->required_hosts().value_or(std::vector<std::string>{}))
      got += (got.empty() ? "" : " ") + host;
    EXPECT_EQ(got, c.want) << c.rule;
  }
}

TEST(Rule, AHostIsEnoughWhereNothingElseIsAsked) {
  for (const std::string_view rule :
       {"Host(`a`)", "!!Host(`a`)", "Host(`a`) || Host(`b`)", "Host(`a`) || (Host(`b`) || Host(`c`))"})
    EXPECT_TRUE(compile(rule)->host_suffices()) << rule;
  for (const std::string_view rule :
       {"Host(`*.a`)", "Host(`*`)", "!Host(`a`)", "Path(`/`)", "Host(`a`) && Path(`/`)", "Host(`a`) || Path(`/`)",
        "Host(`a`) && Host(`b`)", "(Host(`a`) && Host(`b`)) || Host(`c`)", "(Host(`a`) || Host(`b`)) && Host(`a`)",
        "Host(`a`) || Host(`*.b`)", "!(Host(`a`) && Host(`b`))"})
    EXPECT_FALSE(compile(rule)->host_suffices()) << rule;
}

TEST(Rule, NamedHostsAreForCertificates) {
  EXPECT_THAT(compile("Host(`B`) || Path(`/`) && Host(`a.`) && !Host(`c`) || Host(`*.d`) || Host(`b`)")->named_hosts(),
              ElementsAre("b", "a", "*.d"));
  EXPECT_TRUE(compile("Host(`*`)")->named_hosts().empty());
}

TEST(Rule, TellsWhichMatcherFailed) {
  const auto rule = compile("Host(`a`) && (Path(`/x`) || !METHOD(`get`))");
  const http::HeaderMap none;
  const auto why = [&](std::string_view host, std::string_view path, std::string_view method) {
    return rule->failed_matcher({.host = host, .path = path, .method = method, .headers = none});
  };
  EXPECT_EQ(why("b", "/x", "POST"), "Host(`a`)");
  EXPECT_EQ(why("a", "/y", "GET"), "!METHOD(`get`)");
  EXPECT_EQ(why("a", "/y", "POST"), "");
  EXPECT_EQ(why("a", "/x", "GET"), "");
  EXPECT_EQ(rule->text(), "Host(`a`) && (Path(`/x`) || !METHOD(`get`))");
}

TEST(Rule, TheFirstOfSeveralMistakesIsTold) {
  const auto rule = Rule::compile("Path(`a`) && PathRegexp(`(`)");
  ASSERT_FALSE(rule);
  EXPECT_EQ(rule.error().message, "parsing rule Path(`a`) && PathRegexp(`(`): path \"a\" does not start with a '/'");
  EXPECT_EQ(rule.error().code, Code::invalid);
}

TEST(Rule, LongQueryValuesAreDecodedForRegexps) {
  const auto rule = compile("QueryRegexp(`q`, `^(a b)+$`)");
  const http::HeaderMap none;
  std::string query = "q=";
  for (int i = 0; i < 300; ++i) query += "a%20b";
  EXPECT_TRUE(rule->matches({.query = query, .headers = none}));
  query += "%20";
  EXPECT_FALSE(rule->matches({.query = query, .headers = none}));
}

TEST(Query, EscapesAreCheckedAndDecodedInPlace) {
  for (const std::string_view good : {"", "a", "%41", "a%2fb%FF"}) EXPECT_TRUE(has_valid_escapes(good)) << good;
  for (const std::string_view bad : {"%", "%4", "a%", "%4g", "%%41", "%41%"})
    EXPECT_FALSE(has_valid_escapes(bad)) << bad;
  EXPECT_TRUE(decodes_to("a+b%2B", "a b+"));
  EXPECT_FALSE(decodes_to("a+b", "a b "));
  EXPECT_FALSE(decodes_to("a+b ", "a b"));
  EXPECT_TRUE(decodes_to("", ""));
  EXPECT_FALSE(decodes_to("", "a"));
  EXPECT_FALSE(decodes_to("%41", "ABC")) << "longer than what is left";
}

TEST(Priority, DefaultIsTheLengthInBytes) {
  EXPECT_EQ(user_priority(0, "Host(`a`)"), 9);
  EXPECT_EQ(user_priority(0, "Path(`/\u00e9`)"), 11);
  EXPECT_EQ(user_priority(-5, "Host(`a`)"), -5);
  EXPECT_EQ(user_priority(kMaxUserPriority, "x"), kMaxUserPriority);
  const auto too_high = user_priority(INT64_MAX - 999, "x");
  ASSERT_FALSE(too_high);
  EXPECT_EQ(too_high.error().message,
            "the router priority 9223372036854774808 exceeds the max user-defined priority 9223372036854774807");
}

}  // namespace
}  // namespace fl::proxy::rules
