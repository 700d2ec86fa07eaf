#include "config/merge.h"

#include <gtest/gtest.h>

#include "config/dynamic/kinds.h"
#include "config/dynamic/read.h"
#include "config/encode.h"

namespace fl::config {
namespace {

dynamic::Configuration read(std::string_view yaml) {
  auto result = dynamic::read_text(yaml, "f", dynamic::Format::yaml);
  EXPECT_TRUE(result) << result.error().message;
  EXPECT_EQ(to_text(result->issues), "");
  EXPECT_TRUE(result->broken.empty());
  return std::move(result->configuration);
}

Merged merge_yaml(std::vector<std::pair<std::string, std::string>> providers, const MergeInputs& inputs = {}) {
  std::vector<ProviderConfig> configs;
  for (const auto& [name, yaml] : providers)
    configs.push_back({name, std::make_shared<const dynamic::Configuration>(read(yaml))});
  return merge(configs, inputs);
}

std::string http_json(const Merged& merged) { return json::to_text(encode_json(merged.configuration.http)); }

TEST(Merge, NamesAndReferencesGetTheirProvider) {
  const Merged merged = merge_yaml({{"file", R"(
http:
  routers:
    r: {service: s, middlewares: [m, x@ecs], parentRefs: [p], tls: {options: o}}
    d: {service: api@internal, tls: {options: default}}
  services:
    s: {loadBalancer: {serversTransport: t}, middlewares: [m]}
    w: {weighted: {services: [{name: s}, {name: e@ecs}]}}
    m: {mirroring: {service: s, mirrors: [{name: w}]}}
    f: {failover: {service: s, fallback: w}}
  middlewares:
    m: {chain: {middlewares: [e]}}
    e: {errors: {service: s}}
)"}});
  EXPECT_EQ(merged.issues.size(), 0U);
  EXPECT_EQ(
      http_json(merged),
      R"({"routers":{"d@file":{"service":"api@internal","tls":{"options":"default"}},)"
      R"("r@file":{"middlewares":["m@file","x@ecs"],"service":"s@file","parentRefs":["p@file"],"tls":{"options":"o@file"}}},)"
      R"("services":{"f@file":{"failover":{"service":"s@file","fallback":"w@file"}},)"
      R"("m@file":{"mirroring":{"service":"s@file","mirrorBody":true,"maxBodySize":-1,"mirrors":[{"name":"w@file"}]}},)"
      R"("s@file":{"loadBalancer":{"strategy":"wrr","passHostHeader":true,"responseForwarding":{"flushInterval":"100ms"},)"
      R"("serversTransport":"t@file"},"middlewares":["m@file"]},)"
      R"("w@file":{"weighted":{"services":[{"name":"s@file","weight":1},{"name":"e@ecs","weight":1}]}}},)"
      R"("middlewares":{"e@file":{"errors":{"service":"s@file"}},"m@file":{"chain":{"middlewares":["e@file"]}}}})");
}

// What says the same as before is the very entry of the last merge, whatever else changed.
TEST(Merge, UnchangedObjectsAreSharedWithTheLastMerge) {
  Merger merger({.default_entry_points = {"web", "secure"},
                 .entry_points = {{"web", {}}, {"secure", {.http = {.middlewares = {"m@file"}}}}}});
  const auto merge = [&](const std::string& yaml) {
    return merger.merge({{"file", std::make_shared<const dynamic::Configuration>(read(yaml))}}).configuration.http;
  };
  const auto first = merge(
      "http: {routers: {a: {rule: x}, b: {rule: y}, d: {rule: z}}, services: {s: {loadBalancer: {passHostHeader: "
      "false}}}}");
  const auto second = merge(
      "http: {routers: {a: {rule: x}, b: {rule: Y}, c: {rule: z}}, services: {s: {loadBalancer: {passHostHeader: "
      "false}}}}");
  const auto names = [](const auto& objects) {
    std::string out;
    for (const auto& [name, _] : objects) out += name + " ";
    return out;
  };
  EXPECT_EQ(names(second.routers), "a@file b@file c@file secure-a@file secure-b@file secure-c@file ");
  for (const auto name : {"a@file", "secure-a@file"})
    EXPECT_EQ(first.routers.find(name).entry(), second.routers.find(name).entry()) << name;
  EXPECT_EQ(first.services.find("s@file").entry(), second.services.find("s@file").entry());
  EXPECT_EQ(first.routers.at("secure-b@file").rule, "y");
  EXPECT_EQ(second.routers.at("secure-b@file").rule, "Y");
  EXPECT_EQ(second.routers.at("secure-b@file").middlewares, std::vector<std::string>{"m@file"});
  EXPECT_TRUE(second.routers.at("b@file").middlewares.empty());
}

TEST(Merge, ProvidersStandSideBySide) {
  const Merged merged =
      merge_yaml({{"a", "http: {routers: {r: {rule: x}}}"}, {"b", "http: {routers: {r: {rule: y}}}"}});
  EXPECT_EQ(http_json(merged), R"({"routers":{"r@a":{"rule":"x"},"r@b":{"rule":"y"}}})");
}

TEST(Merge, DefaultTlsOptionsOfTwoProvidersAreAllDropped) {
  const std::string yaml = "tls: {options: {default: {sniStrict: true}, o: {}}, stores: {default: {}}}";
  const Merged one = merge_yaml({{"a", yaml}});
  EXPECT_TRUE(one.configuration.tls.options.contains("default"));
  EXPECT_TRUE(one.configuration.tls.options.contains("o@a"));
  const Merged three = merge_yaml({{"a", yaml}, {"b", yaml}, {"c", yaml}});
  EXPECT_FALSE(three.configuration.tls.options.contains("default"));
  EXPECT_TRUE(three.configuration.tls.stores.empty());
  EXPECT_EQ(to_text(three.issues),
            "tls.options.default: is defined by more than one provider (a, b, c); none of them is used\n"
            "tls.stores.default: is defined by more than one provider (a, b, c); none of them is used\n");
}

TEST(Merge, RoutersWithoutEntryPointsGetTheDefaultOnes) {
  MergeInputs inputs{.default_entry_points = {"web", "websecure"}};
  inputs.entry_points["web"].address = ":80";
  inputs.entry_points["dns"].address = ":53/udp";
  const Merged merged = merge_yaml({{"f",
                                     "{http: {routers: {a: {rule: x}, b: {entryPoints: [web]}, c: {parentRefs: [a]}}}, "
                                     "tcp: {routers: {t: {rule: x}}}, udp: {routers: {u: {service: s}}}}"}},
                                   inputs);
  using Names = std::vector<std::string>;
  EXPECT_EQ(merged.configuration.http.routers.at("a@f").entry_points, (Names{"web", "websecure"}));
  EXPECT_EQ(merged.configuration.http.routers.at("b@f").entry_points, Names{"web"});
  EXPECT_EQ(merged.configuration.http.routers.at("c@f").entry_points, Names{});
  EXPECT_EQ(merged.configuration.tcp.routers.at("t@f").entry_points, (Names{"web", "websecure"}));
  EXPECT_EQ(merged.configuration.udp.routers.at("u@f").entry_points, Names{"dns"});
}

TEST(Merge, WhatAnEntryPointSaysIsWrittenIntoItsRouters) {
  MergeInputs inputs;
  inputs.entry_points["plain"].address = ":80";
  inputs.entry_points["strict"].http.middlewares = {"auth@file"};
  inputs.entry_points["strict"].http.tls = statics::EntryPointTls{.options = "o@file"};
  inputs.entry_points["strict"].observability.metrics = false;
  const Merged merged =
      merge_yaml({{"f",
                   "http: {routers: {one: {entryPoints: [strict], middlewares: [m]}, none: {entryPoints: [plain]}, "
                   "both: {entryPoints: [plain, strict], tls: {}, observability: {metrics: true}}}}"}},
                 inputs);
  EXPECT_EQ(http_json(merged),
            R"({"routers":{"both@f":{"entryPoints":["plain"],"tls":{},"observability":{"metrics":true}},)"
            R"("none@f":{"entryPoints":["plain"]},)"
            R"("one@f":{"entryPoints":["strict"],"middlewares":["auth@file","m@f"],"tls":{"options":"o@file"},)"
            R"("observability":{"accessLogs":true,"metrics":false,"tracing":true,"traceVerbosity":"minimal"}},)"
            R"("strict-both@f":{"entryPoints":["strict"],"middlewares":["auth@file"],"tls":{},)"
            R"("observability":{"accessLogs":true,"metrics":true,"tracing":true,"traceVerbosity":"minimal"}}}})");
}

TEST(MergeFiles, TheFirstFileWins) {
  std::vector<NamedConfiguration> files;
  files.push_back({"a.yaml", read("{http: {routers: {r: {rule: a}}}, tls: {certificates: [{certFile: a}]}}")});
  files.push_back(
      {"b.yaml", read("{http: {routers: {r: {rule: b}, s: {rule: b}}}, tls: {certificates: [{certFile: b}]}}")});
  const Merged merged = merge_files(std::move(files));
  EXPECT_EQ(http_json(merged), R"({"routers":{"r":{"rule":"a"},"s":{"rule":"b"}}})");
  EXPECT_EQ(merged.configuration.tls.certificates.size(), 2U);
  EXPECT_EQ(to_text(merged.issues), "b.yaml: http.routers.r: is defined by an earlier file already; that one counts\n");
}

TEST(Names, QualifyAndSplit) {
  EXPECT_EQ(qualify("a", "file"), "a@file");
  EXPECT_EQ(qualify("a@ecs", "file"), "a@ecs");
  EXPECT_EQ(qualify("", "file"), "");
  EXPECT_EQ(split_name("a@file").name, "a");
  EXPECT_EQ(split_name("a@file").provider, "file");
  EXPECT_EQ(split_name("a").provider, "");
}

TEST(KindOf, ExactlyOne) {
  using namespace dynamic;
  EXPECT_EQ(kind_of(Service()).error().message, "does not have any type defined");
  EXPECT_EQ(*kind_of(Service{.weighted = Weighted()}), "weighted");
  EXPECT_EQ(kind_of(Service{.load_balancer = LoadBalancer(), .weighted = Weighted()}).error().message,
            "has the types loadBalancer, weighted: multi-types service not supported, consider declaring two different "
            "pieces of service instead");
  EXPECT_EQ(*kind_of(Middleware{.compress = Compress()}), "compress");
  Middleware plugin;
  plugin.plugin["p"] = json::Object();
  EXPECT_EQ(*kind_of(plugin), "p");
  plugin.retry.emplace();
  EXPECT_FALSE(kind_of(plugin));
  EXPECT_EQ(*kind_of(TcpService{.load_balancer = TcpLoadBalancer()}), "loadBalancer");
  EXPECT_EQ(*kind_of(TcpMiddleware{.in_flight_conn = InFlightConn()}), "inFlightConn");
  EXPECT_EQ(*kind_of(UdpService{.weighted = UdpWeighted()}), "weighted");
}

}  // namespace
}  // namespace fl::config
