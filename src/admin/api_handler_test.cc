#include "admin/api_handler.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "admin/exchange_for_test.h"
#include "admin/internal_provider.h"
#include "admin/noop_handler.h"
#include "config/dynamic/read.h"
#include "config/merge.h"
#include "proxy/snapshot_builder.h"

namespace fl::admin {
namespace {

using testing::HasSubstr;

constexpr std::string_view kDynamic = R"yaml(
http:
  routers:
    shop: {rule: "Host(`shop.test`) && PathPrefix(`/<&>`)", service: shop, middlewares: [prefix], entryPoints: [web]}
    other: {rule: "Host(`other.test`)", service: gone, priority: 7}
    half: {rule: "Path(`/half`)", service: shop, entryPoints: [web, nowhere]}
    a/b: {rule: "Path(`/a`)", service: shop, entryPoints: [web]}
    typo: {rul: "Path(`/x`)", service: shop}
  services:
    shop: {loadBalancer: {servers: [{url: "http://10.0.0.1:80"}, {url: "http://10.0.0.2:80", weight: 3}]}}
    split: {weighted: {services: [{name: shop, weight: 2}]}}
    strange: {loadBalancer: {strategy: dice}}
  middlewares:
    prefix: {addPrefix: {prefix: /p}}
    two: {addPrefix: {prefix: /a}, chain: {middlewares: [prefix]}}
)yaml";

constexpr std::string_view kTcpAndUdp = R"yaml(
tcp:
  routers:
    db: {rule: "HostSNI(`db.test`)", service: db, tls: {passthrough: true}, middlewares: [few]}
    all: {rule: "HostSNI(`*`)", service: gone}
  services:
    db: {loadBalancer: {servers: [{address: "10.0.0.1:5432"}], healthCheck: {}}}
  middlewares:
    few: {inFlightConn: {amount: 3}}
udp:
  routers:
    dns: {service: dns, entryPoints: [dns]}
  services:
    dns: {loadBalancer: {servers: [{address: "10.0.0.1:53"}]}}
)yaml";

std::shared_ptr<const proxy::RuntimeReport> build(std::string_view text,
                                                  const config::statics::Configuration& options) {
  auto parsed = config::dynamic::read_text(text, "routes.yml", config::dynamic::Format::yaml);
  FL_CHECK(parsed);
  config::dynamic::ReadResult& read = *parsed;
  const std::vector<config::ProviderConfig> providers{
      {.provider = std::string(kInternalProvider),
       .configuration = std::make_shared<const config::dynamic::Configuration>(internal_configuration(options))},
      {.provider = "file",
       .configuration = std::make_shared<const config::dynamic::Configuration>(std::move(read.configuration))}};
  auto merged = config::merge(providers, {.default_entry_points = {"web"}, .entry_points = {}});
  std::vector<config::Issue> issues;
  for (const auto& broken : read.broken)
    for (config::Issue issue : broken.issues) {
      issue.kind = broken.kind;
      issue.object = config::qualify(broken.name, "file");
      issues.push_back(std::move(issue));
    }
  proxy::BuildInputs inputs;
  inputs.entry_points = {"traefik", "web"};
  inputs.udp_entry_points = {"dns"};
  inputs.internal_services["api@internal"] = std::make_shared<NoopHandler>();
  inputs.upstream_slots = inputs.balancer_slots = std::make_shared<proxy::SlotTable>([](uint32_t) {});
  proxy::SnapshotBuilder builder(std::move(inputs));
  return builder.build(std::make_shared<const config::dynamic::Configuration>(std::move(merged.configuration)), issues)
      .report;
}

class ApiTest : public testing::Test {
 protected:
  ApiTest() {
    facts_.configuration.api.emplace().insecure = true;
    facts_.configuration.api->dashboard = false;
    facts_.configuration.access_log.emplace();
    facts_.configuration.metrics.prometheus.emplace().manual_routing = true;
    facts_.configuration.providers.file.emplace();
    facts_.configuration.entry_points["web"].address = ":80";
    facts_.configuration.entry_points["traefik"].address = ":8080";
    facts_.listening["web"] = "0.0.0.0:80";
    facts_.version = "1.2.3";
    facts_.codename = "test";
    facts_.start = WallTime(1700000000s);
  }

  std::unique_ptr<ApiHandler> make() {
    auto state = std::make_shared<State>(facts_);
    state->publish(build(dynamic_, facts_.configuration));
    state->set_sources({{.provider = "file", .source = "routes.yml", .error = "gone", .last_success = facts_.start}});
    return std::make_unique<ApiHandler>(std::move(state));
  }

  std::string get(std::string_view target, uint16_t status = 200) {
    ExchangeForTest x("GET", target);
    x.run(*make());
    EXPECT_EQ(x.response.status, status) << target;
    EXPECT_EQ(x.field("Content-Type"), status == 200 ? "application/json" : "text/plain; charset=utf-8") << target;
    EXPECT_EQ(x.field("X-Content-Type-Options"), status == 200 ? "" : "nosniff") << target;
    next_page_ = x.field("X-Next-Page");
    std::string body = x.body();
    EXPECT_TRUE(body.ends_with('\n')) << target;
    return body.substr(0, body.size() - 1);
  }

  // The names in a list, in its order.
  std::string names(std::string_view target) {
    const auto list = json::parse(get(target));
    std::string out;
    for (const json::Value& item : *list->if_array()) out.append(out.empty() ? "" : " ").append(item.string_at("name"));
    return out;
  }

  Facts facts_;
  std::string_view dynamic_ = kDynamic;
  std::string next_page_;
};

TEST_F(ApiTest, TcpAndUdpLookAlike) {
  dynamic_ = kTcpAndUdp;
  const std::pair<std::string_view, std::string_view> cases[] = {
      {"/api/tcp/routers/db@file",
       R"j({"entryPoints":["web"],"middlewares":["few@file"],"service":"db@file","rule":"HostSNI(`db.test`)",)j"
       R"j("priority":18,"tls":{"passthrough":true,"options":"default"},"status":"enabled","using":["web"],)j"
       R"j("name":"db@file","provider":"file","priorityStr":"18"})j"},
      {"/api/tcp/routers/all@file",
       R"j({"entryPoints":["web"],"service":"gone@file","rule":"HostSNI(`*`)","priority":-1,)j"
       R"j("error":["the service \"gone@file\" does not exist"],"status":"disabled","using":["web"],)j"
       R"j("name":"all@file","provider":"file","priorityStr":"-1"})j"},
      {"/api/tcp/middlewares/few@file", R"j({"inFlightConn":{"amount":3},"status":"enabled","usedBy":["db@file"],)j"
                                        R"j("name":"few@file","provider":"file","type":"inflightconn"})j"},
      {"/api/udp/routers/dns@file",
       R"j({"entryPoints":["dns"],"service":"dns@file","status":"enabled","using":["dns"],)j"
       R"j("name":"dns@file","provider":"file"})j"},
      {"/api/udp/services/dns@file",
       R"j({"loadBalancer":{"servers":[{"address":"10.0.0.1:53"}]},"status":"enabled","usedBy":["dns@file"],)j"
       R"j("serverStatus":{"10.0.0.1:53":"UP"},"name":"dns@file","provider":"file","type":"loadbalancer"})j"},
  };
  for (const auto& [target, expected] : cases) EXPECT_EQ(get(target), expected);
  EXPECT_THAT(get("/api/tcp/services/db@file"), HasSubstr(R"j("serverStatus":{"10.0.0.1:5432":"UP"})j"));
  EXPECT_EQ(names("/api/tcp/routers?sortBy=priority"), "all@file db@file");
  EXPECT_EQ(names("/api/tcp/routers?search=db"), "db@file");
  EXPECT_EQ(names("/api/tcp/routers?middlewareName=few%40file"), "db@file");
  EXPECT_THAT(get("/api/overview"), HasSubstr(R"j("tcp":{"routers":{"total":2,"warnings":0,"errors":1})j"));
  EXPECT_THAT(get("/api/rawdata"), HasSubstr(R"j("udpServices":{"dns@file":)j"));
}

TEST_F(ApiTest, ShowsOneObject) {
  const struct {
    std::string_view target, body;
  } cases[] = {
      {"/api/http/routers/shop@file",
       R"({"entryPoints":["web"],"middlewares":["prefix@file"],"service":"shop@file",)"
       R"j("rule":"Host(`shop.test`) \u0026\u0026 PathPrefix(`/\u003c\u0026\u003e`)","priority":39,"status":"enabled",)j"
       R"("using":["web"],"name":"shop@file","provider":"file","priorityStr":"39"})"},
      {"/api/http/routers/a%2Fb%40file",
       R"j({"entryPoints":["web"],"service":"shop@file","rule":"Path(`/a`)","priority":10,"status":"enabled",)j"
       R"("using":["web"],"name":"a/b@file","provider":"file","priorityStr":"10"})"},
      {"/api/http/routers/other@file",
       R"j({"entryPoints":["web"],"service":"gone@file","rule":"Host(`other.test`)","priority":7,)j"
       R"("error":["the service \"gone@file\" does not exist"],"status":"disabled","using":["web"],)"
       R"("name":"other@file","provider":"file","priorityStr":"7"})"},
      {"/api/http/routers/half@file",
       R"j({"entryPoints":["web","nowhere"],"service":"shop@file","rule":"Path(`/half`)","priority":13,)j"
       R"("error":["entryPoint \"nowhere\" doesn't exist"],"status":"warning","using":["web"],)"
       R"("name":"half@file","provider":"file","priorityStr":"13"})"},
      {"/api/http/routers/typo@file",
       R"({"error":["routes.yml:8:17: http.routers.typo.rul: unknown option; did you mean rule?"],)"
       R"("status":"disabled","name":"typo@file","provider":"file"})"},
      {"/api/http/routers/api@internal",
       R"j({"entryPoints":["traefik"],"service":"api@internal","rule":"PathPrefix(`/api`)","ruleSyntax":"v3",)j"
       R"("priority":9223372036854775806,"status":"enabled","using":["traefik"],"name":"api@internal",)"
       R"("provider":"internal","priorityStr":"9223372036854775806"})"},
      {"/api/http/services/shop@file",
       R"({"loadBalancer":{"servers":[{"url":"http://10.0.0.1:80"},{"url":"http://10.0.0.2:80","weight":3}],)"
       R"("strategy":"wrr","passHostHeader":true,"responseForwarding":{"flushInterval":"100ms"}},"status":"enabled",)"
       R"("usedBy":["a/b@file","half@file","shop@file"],)"
       R"("serverStatus":{"http://10.0.0.1:80":"UP","http://10.0.0.2:80":"UP"},)"
       R"("name":"shop@file","provider":"file","type":"loadbalancer"})"},
      {"/api/http/services/split@file",
       R"({"weighted":{"services":[{"name":"shop@file","weight":2}]},"status":"enabled","name":"split@file",)"
       R"("provider":"file","type":"weighted"})"},
      {"/api/http/middlewares/prefix@file",
       R"({"addPrefix":{"prefix":"/p"},"status":"enabled","usedBy":["shop@file"],"name":"prefix@file",)"
       R"("provider":"file","type":"addprefix"})"},
      {"/api/version", R"({"Version":"1.2.3","Codename":"test","startDate":"2023-11-14T22:13:20Z"})"},
      {"/api/overview",
       R"({"http":{"routers":{"total":6,"warnings":1,"errors":2},"services":{"total":4,"warnings":0,"errors":1},)"
       R"("middlewares":{"total":2,"warnings":0,"errors":1}},)"
       R"("tcp":{"routers":{"total":0,"warnings":0,"errors":0},"services":{"total":0,"warnings":0,"errors":0},)"
       R"("middlewares":{"total":0,"warnings":0,"errors":0}},)"
       R"("udp":{"routers":{"total":0,"warnings":0,"errors":0},"services":{"total":0,"warnings":0,"errors":0}},)"
       R"("certificates":{"total":0,"warnings":0,"errors":0},)"
       R"("features":{"tracing":"","metrics":"Prometheus","accessLog":true},"providers":["File"],)"
       R"("sources":[{"provider":"file","source":"routes.yml","error":"gone","lastSuccess":"2023-11-14T22:13:20Z"}]})"},
  };
  for (const auto& c : cases) EXPECT_EQ(get(c.target), c.body) << c.target;
}

TEST_F(ApiTest, RawdataHasEveryObjectByName) {
  const auto raw = json::parse(get("/api/rawdata"));
  ASSERT_TRUE(raw);
  std::string keys;
  for (const auto& [key, objects] : *raw->if_object()) {
    keys += key + ":";
    for (const auto& [name, object] : *objects.if_object()) {
      keys += " " + name;
      for (const char* absent : {"name", "provider", "type", "priorityStr"})
        EXPECT_EQ(object.find(absent), nullptr) << name << " has " << absent;
    }
    keys += "\n";
  }
  EXPECT_EQ(keys,
            "routers: a/b@file api@internal half@file other@file shop@file typo@file\n"
            "middlewares: prefix@file two@file\n"
            "services: api@internal shop@file split@file strange@file\n");
  EXPECT_EQ(raw->find("routers")->find("other@file")->string_at("status"), "disabled");
}

TEST_F(ApiTest, FiltersAndSortsLists) {
  const struct {
    std::string_view target, names;
  } cases[] = {
      {"/api/http/routers", "a/b@file api@internal half@file other@file shop@file typo@file"},
      {"/api/http/routers?search=SHOP.test", "shop@file"},
      {"/api/http/routers?search=%40INTERNAL", "api@internal"},
      {"/api/http/routers?search=%zz", "a/b@file api@internal half@file other@file shop@file typo@file"},
      {"/api/http/routers?status=Disabled", "other@file typo@file"},
      {"/api/http/routers?status=warning&search=half", "half@file"},
      {"/api/http/routers?status=warning&search=shop", ""},
      {"/api/http/routers?serviceName=shop@file", "a/b@file half@file shop@file"},
      {"/api/http/routers?serviceName=shop", ""},
      {"/api/http/routers?middlewareName=prefix%40file", "shop@file"},
      {"/api/http/routers?direction=desc", "typo@file shop@file other@file half@file api@internal a/b@file"},
      {"/api/http/routers?sortBy=priority&search=@file", "typo@file other@file a/b@file half@file shop@file"},
      {"/api/http/routers?sortBy=priority&direction=desc&per_page=2", "api@internal shop@file"},
      {"/api/http/routers?sortBy=status", "other@file typo@file a/b@file api@internal shop@file half@file"},
      {"/api/http/routers?sortBy=provider&per_page=1&page=6", "api@internal"},
      {"/api/http/routers?sortBy=entryPoints&direction=desc&per_page=1", "half@file"},
      {"/api/http/routers?sortBy=nonsense&per_page=1", "a/b@file"},
      {"/api/http/services?sortBy=servers&direction=desc&per_page=1", "shop@file"},
      {"/api/http/services?sortBy=type", "api@internal shop@file strange@file split@file"},
      {"/api/http/middlewares?status=disabled", "two@file"},
      {"/api/entrypoints", "traefik web"},
      {"/api/entrypoints?per_page=1&page=2", "web"},
      {"/api/tcp/routers", ""},
      {"/api/udp/services?search=x", ""},
      {"/api/certificates", ""},
  };
  for (const auto& c : cases) EXPECT_EQ(names(c.target), c.names) << c.target;
}

TEST_F(ApiTest, Pages) {
  const struct {
    std::string_view query, next;
    uint16_t status;
  } cases[] = {
      {"", "1", 200},
      {"?page=&per_page=", "1", 200},
      {"?per_page=2", "2", 200},
      {"?per_page=2&page=2", "3", 200},
      {"?per_page=2&page=3", "1", 200},
      {"?per_page=6", "1", 200},
      {"?per_page=2&page=4", R"({"message":"invalid request: page: 4, per_page: 2"})", 400},
      {"?page=0", R"({"message":"invalid request: page: 0"})", 400},
      {"?page=-3", R"({"message":"invalid request: page: -3"})", 400},
      {"?page=two", R"({"message":"invalid request: page: 0"})", 400},
      {"?per_page=1e3", R"({"message":"invalid request: per_page: 0"})", 400},
      {"?page=9223372036854775807&per_page=9223372036854775807",
       R"({"message":"invalid request: page: 9223372036854775807, per_page: 9223372036854775807"})", 400},
      {"?per_page=9223372036854775807", "1", 200},
  };
  for (const auto& c : cases) {
    const std::string body = get("/api/http/routers" + std::string(c.query), c.status);
    if (c.status == 200)
      EXPECT_EQ(next_page_, c.next) << c.query;
    else
      EXPECT_EQ(body, c.next) << c.query;
  }
  EXPECT_EQ(get("/api/tcp/services"), "[]");
  EXPECT_EQ(next_page_, "1");
  EXPECT_EQ(get("/api/certificates?page=2", 400), R"({"message":"invalid request: page: 2, per_page: 100"})");
}

TEST_F(ApiTest, DebugPagesOnlyWhenAskedFor) {
  const auto debug = [&](std::string_view target, uint16_t status = 200) {
    ExchangeForTest x("GET", target);
    x.run(*make());
    EXPECT_EQ(x.response.status, status) << target;
    return x.body();
  };
  debug("/debug/vars", 404);
  facts_.configuration.api->debug = true;
  const auto vars = json::parse(debug("/debug/vars"));
  ASSERT_TRUE(vars);
  ASSERT_NE(vars->find("cmdline"), nullptr);
  ASSERT_NE(vars->find("memstats"), nullptr);
  ASSERT_NE(vars->find("memstats")->find("HeapSys"), nullptr);  // 0 with a sanitizer's own heap
  EXPECT_GE(*vars->find("memstats")->find("HeapSys")->if_int(), 0);
  EXPECT_NE(debug("/debug/pprof/cmdline").find("admin_test"), std::string::npos);
  debug("/debug/pprof/heap", 404);
}

TEST_F(ApiTest, SaysNo) {
  const struct {
    std::string_view target, body;
    uint16_t status;
  } cases[] = {
      {"/api/http/routers/nobody@file", R"({"message":"router not found: nobody@file"})", 404},
      {"/api/http/services/%3Cx%3E", R"({"message":"service not found: \u003cx\u003e"})", 404},
      {"/api/http/middlewares/shop@file", R"({"message":"middleware not found: shop@file"})", 404},
      {"/api/tcp/routers/x", R"({"message":"router not found: x"})", 404},
      {"/api/udp/services/x", R"({"message":"service not found: x"})", 404},
      {"/api/certificates/ab", R"({"message":"certificate not found: ab"})", 404},
      {"/api/entrypoints/x", R"({"message":"entry point not found: x"})", 404},
      {"/api/http/routers/%4", R"({"message":"unable to decode routerID \"%4\""})", 400},
      {"/", "404 page not found", 404},
      {"/api", "404 page not found", 404},
      {"/api/http/routers/", "404 page not found", 404},
      {"/api/http/routers/a/b@file", "404 page not found", 404},
      {"/api/http/routersx", "404 page not found", 404},
      {"/api/udp/middlewares", "404 page not found", 404},
      {"/api/rawdata/x", "404 page not found", 404},
      {"/dashboard/", "404 page not found", 404},
  };
  for (const auto& c : cases) EXPECT_EQ(get(c.target, c.status), c.body) << c.target;
  for (const char* method : {"POST", "PUT", "HEAD", "DELETE", "OPTIONS"}) {
    ExchangeForTest known(method, "/api/rawdata"), unknown(method, "/api/nothing");
    known.run(*make());
    unknown.run(*make());
    EXPECT_EQ(known.response.status, 405) << method;
    EXPECT_EQ(known.body(), "") << method;
    EXPECT_EQ(unknown.response.status, 404) << method;
  }
}

TEST_F(ApiTest, EntryPointsShowTheirOptionsAndAddress) {
  const std::string web = get("/api/entrypoints/web");
  EXPECT_THAT(web, testing::StartsWith(R"({"address":":80",)"));
  EXPECT_THAT(web, HasSubstr(R"("respondingTimeouts":{"readTimeout":"1m0s","idleTimeout":"3m0s"})"));
  EXPECT_THAT(web, testing::EndsWith(R"("name":"web","listening":"0.0.0.0:80"})"));
  EXPECT_THAT(get("/api/entrypoints/traefik"), testing::EndsWith(R"("name":"traefik"})"));
}

TEST_F(ApiTest, BeforeTheFirstReportThereIsNothing) {
  const ApiHandler api(std::make_shared<State>(facts_));
  for (const auto& [target, body] : std::initializer_list<std::pair<const char*, const char*>>{
           {"/api/rawdata", "{}\n"}, {"/api/http/routers", "[]\n"}}) {
    ExchangeForTest x("GET", target);
    x.run(api);
    EXPECT_EQ(x.response.status, 200);
    EXPECT_EQ(x.body(), body);
  }
}

TEST_F(ApiTest, LivesBelowItsBasePathWithTheDashboard) {
  facts_.configuration.api->dashboard = true;
  facts_.configuration.api->base_path = "/base";
  EXPECT_THAT(get("/base/api/version"), HasSubstr("1.2.3"));
  get("/api/version", 404);
  get("/basement/api/version", 404);
  const struct {
    std::string_view path, prefix, location;
  } cases[] = {
      {"/base", "", "/base/dashboard/"},
      {"/base/", "/out/", "/out/base/dashboard/"},
      {"/base/dashboard", "/out", "/out/base/dashboard/"},
      {"/base", "//evil.test", "/base/dashboard/"},
      {"/base", "https://evil.test", "/base/dashboard/"},
      {"/base", "/\\evil.test", "/base/dashboard/"},
      {"/base", "evil.test", "/base/dashboard/"},
  };
  for (const auto& c : cases) {
    ExchangeForTest x("GET", c.path);
    if (!c.prefix.empty()) x.request.headers.append("X-Forwarded-Prefix", c.prefix);
    x.run(*make());
    EXPECT_EQ(x.response.status, 302) << c.path;
    EXPECT_EQ(x.field("Location"), c.location) << c.prefix;
  }
  ExchangeForTest page("GET", "/base/dashboard/");
  page.run(*make());
  EXPECT_EQ(page.response.status, 200);
  EXPECT_EQ(page.field("Content-Type"), "text/html; charset=utf-8");
}

}  // namespace
}  // namespace fl::admin
