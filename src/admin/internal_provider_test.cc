#include "admin/internal_provider.h"

#include <gtest/gtest.h>

#include "base/json.h"
#include "config/encode.h"
#include "config/static/complete.h"

namespace fl::admin {
namespace {

using config::statics::Configuration;

std::string http_of(const Configuration& configuration) {
  const json::Value encoded = config::encode_json(internal_configuration(configuration).http);
  return json::to_text(encoded);
}

TEST(InternalConfiguration, IsEmptyUnlessAskedFor) {
  Configuration c;
  c.api.emplace();  // without insecure: users write the router
  c.ping.emplace().manual_routing = true;
  c.metrics.prometheus.emplace().manual_routing = true;
  EXPECT_EQ(http_of(c), "{}");
}

TEST(InternalConfiguration, PublishesTheInsecureApi) {
  Configuration c;
  c.api.emplace().insecure = true;
  constexpr std::string_view kExpected =
      R"j({"routers":{"api":{"entryPoints":["traefik"],"service":"api@internal","rule":"PathPrefix(`/api`)",)j"
      R"j("ruleSyntax":"v3","priority":9223372036854775806},"dashboard":{"entryPoints":["traefik"],)j"
      R"j("middlewares":["dashboard_redirect@internal","dashboard_stripprefix@internal"],)j"
      R"j("service":"dashboard@internal","rule":"PathPrefix(`/`)","ruleSyntax":"v3",)j"
      R"j("priority":9223372036854775805}},"middlewares":{"dashboard_redirect":{"redirectRegex":{)j"
      R"j("regex":"^(http:\\/\\/(\\[[\\w:.]+\\]|[\\w\\._-]+)(:\\d+)?)\\/$",)j"
      R"j("replacement":"${1}/dashboard/","permanent":true}},)j"
      R"j("dashboard_stripprefix":{"stripPrefix":{"prefixes":["/dashboard/","/dashboard"]}}}})j";
  EXPECT_EQ(http_of(c), kExpected);

  c.api->base_path = "/a.b";
  const auto based = internal_configuration(c).http;
  EXPECT_EQ(based.routers.at("api").rule, "PathPrefix(`/a.b/api`)");
  EXPECT_EQ(based.routers.at("dashboard").rule, "PathPrefix(`/a.b`)");
  EXPECT_TRUE(based.middlewares.at("dashboard_redirect").redirect_regex->regex.ends_with(R"(\/a\.b$)"));
  EXPECT_EQ(based.middlewares.at("dashboard_redirect").redirect_regex->replacement, "${1}/a.b/dashboard/");

  c.api->dashboard = false;
  EXPECT_EQ(internal_configuration(c).http.routers.size(), 1U);
  c.api->debug = true;
  EXPECT_EQ(internal_configuration(c).http.routers.at("debug").rule, "PathPrefix(`/a.b/debug`)");
}

TEST(InternalConfiguration, PutsPingAndMetricsOnTheirEntryPoints) {
  Configuration c;
  c.ping.emplace().entry_point = "web";
  c.metrics.prometheus.emplace();
  EXPECT_EQ(http_of(c),
            R"j({"routers":{"ping":{"entryPoints":["web"],"service":"ping@internal","rule":"PathPrefix(`/ping`)",)j"
            R"("ruleSyntax":"v3","priority":9223372036854775807},"prometheus":{"entryPoints":["traefik"],)"
            R"j("service":"prometheus@internal","rule":"PathPrefix(`/metrics`)","ruleSyntax":"v3",)j"
            R"("priority":9223372036854775807}}})");
}

TEST(InternalConfiguration, RedirectsEntryPoints) {
  const struct {
    std::string_view from, to, router, port;  // router empty: no redirection
  } cases[] = {
      {"web", "websecure", "web-to-websecure", "8443"},
      {"web", ":443", "web-to-443", "443"},
      {"my_web", "websecure", "my-web-to-websecure", "8443"},
      {"web", "nowhere", "", ""},
      {"web", ":x", "", ""},
      {"web", "", "", ""},
  };
  for (const auto& c : cases) {
    Configuration configuration;
    configuration.entry_points["websecure"].address = "[::1]:8443";
    auto& http = configuration.entry_points[std::string(c.from)].http;
    auto& redirection = http.redirections.emplace().entry_point.emplace();
    redirection.to = c.to;
    redirection.permanent = false;
    const auto made = internal_configuration(configuration).http;
    ASSERT_EQ(made.routers.size(), c.router.empty() ? 0U : 1U) << c.to;
    if (c.router.empty()) continue;
    const auto& [name, router] = *made.routers.begin();
    EXPECT_EQ(name, c.router);
    EXPECT_EQ(router.rule, "HostRegexp(`^.+$`)");
    EXPECT_EQ(router.service, "noop@internal");
    EXPECT_EQ(router.priority, 9223372036854775806);
    EXPECT_EQ(router.entry_points, std::vector{std::string(c.from)});
    ASSERT_EQ(router.middlewares, std::vector{"redirect-" + name});
    const auto& scheme = made.middlewares.at(router.middlewares[0]).redirect_scheme;
    EXPECT_EQ(scheme->scheme, "https");
    EXPECT_EQ(scheme->port, c.port);
    EXPECT_FALSE(scheme->permanent);
  }
}

TEST(InternalConfiguration, LeavesTheChallengePathToUsers) {
  Configuration c;
  auto& web = c.entry_points["web"];
  web.allow_acme_by_pass = true;
  web.http.redirections.emplace().entry_point.emplace().to = ":443";
  EXPECT_EQ(internal_configuration(c).http.routers.at("web-to-443").rule,
            "HostRegexp(`^.+$`) && !PathPrefix(`/.well-known/acme-challenge/`)");
}

}  // namespace
}  // namespace fl::admin
