// What the front does before an action runs and after: telling services apart, refusing, errors in each protocol.
#include "control/api/front.h"

#include <gmock/gmock.h>

#include <fstream>

#include "control/api/api_for_test.h"
#include "support/temporary_directory.h"

namespace fl::control::api {
namespace {

using ::testing::HasSubstr;
using ::testing::MatchesRegex;

constexpr std::string_view kEcsTarget = "AmazonEC2ContainerServiceV20141113.";

struct Raw {
  uint16_t status;
  std::string type, error, body;
};

Raw send(ApiForTest& api, std::string_view method, std::string_view target, std::string body,
         std::initializer_list<std::pair<std::string_view, std::string>> headers = {}) {
  ExchangeForTest exchange(method, target, std::move(body));
  for (const auto& [name, value] : headers) exchange.add_header(name, value);
  api.send(exchange);
  EXPECT_THAT(exchange.header("x-amzn-RequestId"), MatchesRegex("[0-9a-f-]{36}"));
  return {exchange.response.status, exchange.header("content-type"), exchange.header("x-amzn-ErrorType"),
          exchange.answer()};
}

std::pair<std::string_view, std::string> target(std::string_view action) {
  return {"X-Amz-Target", std::string(kEcsTarget) + std::string(action)};
}
const std::pair<std::string_view, std::string> kForm{"Content-Type",
                                                     "application/x-www-form-urlencoded; charset=utf-8"};

TEST(Front, AnswersJson) {
  ApiForTest api;
  const Raw raw = send(api, "POST", "/", "{}", {target("ListClusters")});
  EXPECT_EQ(raw.status, 200);
  EXPECT_EQ(raw.type, "application/x-amz-json-1.1");
  EXPECT_EQ(raw.body, R"({"clusterArns":[]})");
  EXPECT_EQ(send(api, "POST", "/", "", {target("ListClusters")}).body, R"({"clusterArns":[]})");
}

TEST(Front, AnswersQueryInFormAndInUrl) {
  ApiForTest api;
  const Raw form = send(api, "POST", "/", "Action=GetCallerIdentity&Version=2011-06-15", {kForm});
  EXPECT_EQ(form.status, 200);
  EXPECT_EQ(form.type, "text/xml");
  EXPECT_THAT(form.body,
              MatchesRegex("<GetCallerIdentityResponse xmlns=\"https://sts.amazonaws.com/doc/2011-06-15/\">"
                           "<GetCallerIdentityResult><UserId>000000000000</UserId><Account>000000000000</Account>"
                           "<Arn>arn:aws:iam::000000000000:root</Arn></GetCallerIdentityResult><ResponseMetadata>"
                           "<RequestId>[0-9a-f-]{36}</RequestId></ResponseMetadata></GetCallerIdentityResponse>"));
  EXPECT_EQ(send(api, "GET", "/?Action=GetCallerIdentity&Version=2011-06-15", "").status, 200);
}

TEST(Front, WhatIsNotServedIsA400) {
  ApiForTest api;
  const auto error = [](const Raw& raw) { return std::to_string(raw.status) + " " + raw.error; };
  EXPECT_EQ(error(send(api, "POST", "/", "{}", {target("MakeCoffee")})), "400 UnknownOperationException");
  EXPECT_EQ(error(send(api, "POST", "/", "{}", {{"X-Amz-Target", "AmazonSQS.ListQueues"}})),
            "400 UnknownOperationException");
  EXPECT_EQ(error(send(api, "POST", "/", "{}", {{"X-Amz-Target", "nonsense"}})), "400 UnknownOperationException");
  EXPECT_EQ(error(send(api, "GET", "/", "")), "400 UnknownOperationException");
  EXPECT_EQ(error(send(api, "POST", "/", "{}", {target("CreateDaemon")})), "400 UnsupportedFeatureException");
  const Raw query = send(api, "POST", "/", "Action=ListUsers&Version=2010-05-08", {kForm});
  EXPECT_EQ(error(query), "400 InvalidAction");
  EXPECT_THAT(query.body, HasSubstr("<Error><Type>Sender</Type><Code>InvalidAction</Code><Message>Could not find "
                                    "operation ListUsers for version 2010-05-08</Message></Error>"));
  EXPECT_EQ(error(send(api, "POST", "/", "Action=Nothing&Version=2011-06-15", {kForm})), "400 InvalidAction");
}

TEST(Front, BodiesAreBounded) {
  ApiForTest api;
  const std::string blanks(1 << 20, ' ');
  EXPECT_EQ(send(api, "POST", "/", blanks, {target("ListClusters")}).status, 200);
  const Raw refused = send(api, "POST", "/", blanks + " ", {target("ListClusters")});
  EXPECT_EQ(refused.status, 413);
  EXPECT_EQ(refused.error, "RequestEntityTooLargeException");
}

TEST(Front, SignatureErrorsHaveEachProtocolsNames) {
  ApiForTest api;
  const TemporaryDirectory directory;
  const std::string path = directory.path() + "/keys.yaml";
  std::ofstream(path) << "keys: [{access-key-id: AKIAONE, secret-access-key: s}]\n";
  auto keys = auth::KeyFile::read(path, "000000000000");
  ASSERT_TRUE(keys);
  api.front.set_authenticator(
      auth::Authenticator::with_keys(*std::move(keys), std::make_shared<const auth::TemporaryKeys>("seal")));
  const auto signature = [](std::string_view key, std::string_view service) {
    return std::pair<std::string_view, std::string>(
        "Authorization", fmt::format("AWS4-HMAC-SHA256 Credential={}/20260101/us-east-1/{}/aws4_request, "
                                     "SignedHeaders=host, Signature=00",
                                     key, service));
  };
  const std::pair<std::string_view, std::string> date{"X-Amz-Date", "20260101T000000Z"};
  const std::string action = "Action=GetCallerIdentity&Version=2011-06-15";
  struct Case {
    std::string_view key;  // empty: no signature
    std::string_view json, query;
    int query_status;
  };
  for (const Case& c : {Case{"", "MissingAuthenticationTokenException", "MissingAuthenticationToken", 403},
                        Case{"AKIATWO", "UnrecognizedClientException", "InvalidClientTokenId", 403},
                        Case{"AKIAONE", "InvalidSignatureException", "SignatureDoesNotMatch", 403}}) {
    const Raw json = c.key.empty()
                         ? send(api, "POST", "/", "{}", {target("ListClusters")})
                         : send(api, "POST", "/", "{}", {target("ListClusters"), signature(c.key, "ecs"), date});
    EXPECT_EQ(json.status, 400);
    EXPECT_EQ(json.error, c.json);
    const Raw query = c.key.empty() ? send(api, "POST", "/", action, {kForm})
                                    : send(api, "POST", "/", action, {kForm, signature(c.key, "sts"), date});
    EXPECT_EQ(query.status, c.query_status);
    EXPECT_EQ(query.error, c.query);
  }
}

TEST(QueryForm, BuildsWhatTheRulesSay) {
  using ecs::MemberRules, ecs::ShapeKind, ecs::ShapeRules;
  static constexpr ShapeRules kText{ShapeKind::string}, kNumber{ShapeKind::integer}, kTruth{ShapeKind::boolean};
  static constexpr MemberRules kTagMembers[] = {{"Key", &kText}, {"Value", &kText}};
  static constexpr ShapeRules kTag{.kind = ShapeKind::structure, .members = kTagMembers};
  static constexpr ShapeRules kTags{.kind = ShapeKind::list, .item = &kTag};
  static constexpr ShapeRules kMap{.kind = ShapeKind::map, .item = &kNumber};
  static constexpr MemberRules kMembers[] = {
      {"Name", &kText}, {"Count", &kNumber}, {"Fast", &kTruth}, {"Tags", &kTags}, {"Sizes", &kMap}};
  static constexpr ShapeRules kRules{.kind = ShapeKind::structure, .members = kMembers};
  const auto read = [](std::string_view form) {
    const auto value = form_to_json(parse_form(form), kRules);
    return value ? json::to_text(*value) : "! " + value.error().message;
  };
  EXPECT_EQ(read("Action=X&Name=a+b%26&Count=-3&Fast=true&Unknown=1"), R"({"Name":"a b&","Count":-3,"Fast":true})");
  EXPECT_EQ(read("Tags.member.10.Key=j&Tags.member.2.Key=b&Tags.member.2.Value=v"),
            R"({"Tags":[{"Key":"b","Value":"v"},{"Key":"j"}]})");
  EXPECT_EQ(read("Sizes.entry.1.key=a&Sizes.entry.1.value=7"), R"({"Sizes":{"a":7}})");
  EXPECT_EQ(read("Sizes.entry.1.value=7"), "! Sizes: 1: an entry needs key and value");
  EXPECT_EQ(read("Count=three"), "! Count: expected an integer, not 'three'");
  EXPECT_EQ(read("Fast=yes"), "! Fast: expected true or false, not 'yes'");
  std::string deep = "a";
  for (int i = 0; i < 32; ++i) deep += ".a";
  EXPECT_EQ(read(deep + "=1"), "! a parameter has at most 32 parts");
}

}  // namespace
}  // namespace fl::control::api
