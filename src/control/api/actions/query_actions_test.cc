// sts AssumeRole and ec2 DescribeInstances: forms in, XML out, each in its own protocol's way.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "aws/xml.h"
#include "control/api/api_for_test.h"

namespace fl::control::api {
namespace {

using ::testing::HasSubstr;
using ::testing::StartsWith;

struct XmlReply {
  uint16_t status = 0;
  std::string body;
  aws::XmlElement root;
};

class QueryActions : public ::testing::Test {
 protected:
  XmlReply send(std::string_view service, std::string form) {
    ExchangeForTest exchange("POST", "/", std::move(form));
    exchange.add_header("Content-Type", "application/x-www-form-urlencoded");
    exchange.add_header("Authorization",
                        fmt::format("AWS4-HMAC-SHA256 Credential=AKIA/20260101/us-east-1/{}/aws4_request, "
                                    "SignedHeaders=host, Signature=00",
                                    service));
    exchange.add_header("X-Amz-Date", "20260101T000000Z");
    api_.send(exchange);
    XmlReply reply{exchange.response.status, exchange.answer(), {}};
    auto root = aws::parse_xml(reply.body);
    EXPECT_TRUE(root) << reply.body;
    if (root) reply.root = *std::move(root);
    return reply;
  }
  XmlReply assume(std::string_view role, std::string_view more = "") {
    return send("sts", fmt::format("Action=AssumeRole&Version=2011-06-15&RoleArn={}&RoleSessionName=me{}", role, more));
  }
  XmlReply describe(std::string_view more = "") {
    return send("ec2", fmt::format("Action=DescribeInstances&Version=2016-11-15{}", more));
  }
  // An EC2-like agent's instance.
  void register_instance(std::string_view id, std::string_view ip) {
    const std::string document = json::to_text(json::Object{{"instanceId", id}, {"privateIp", ip}});
    const std::string request = json::to_text(
        json::Object{{"cluster", "c"}, {"instanceIdentityDocument", document}, {"attributes", json::Array{}}});
    EXPECT_EQ(api_.call("RegisterContainerInstance", request).status, 200);
  }

  ApiForTest api_;
};

TEST_F(QueryActions, AssumeRoleGivesKeysOfTheRole) {
  const XmlReply reply = assume("arn:aws:iam::000000000000:role/team/deployer", "&DurationSeconds=900");
  ASSERT_EQ(reply.status, 200) << reply.body;
  const aws::XmlElement* result = reply.root.find("AssumeRoleResult");
  ASSERT_NE(result, nullptr) << reply.body;
  EXPECT_EQ(result->find("AssumedRoleUser")->find("Arn")->text, "arn:aws:sts::000000000000:assumed-role/deployer/me");
  const aws::XmlElement* keys = result->find("Credentials");
  EXPECT_EQ(keys->find("Expiration")->text, "2026-01-01T00:15:00Z");
  const auto key =
      api_.front.settings().temporary_keys->find(keys->find("AccessKeyId")->text, keys->find("SessionToken")->text);
  ASSERT_TRUE(key);
  EXPECT_EQ(key->secret, keys->find("SecretAccessKey")->text);
}

TEST_F(QueryActions, AssumeRoleRefusals) {
  const struct {
    std::string_view role, more, code;
    uint16_t status;
  } cases[] = {
      {"arn:aws:iam::111122223333:role/x", "", "AccessDenied", 403},
      {"deployer", "", "ValidationError", 400},
      {"arn:aws:iam::000000000000:user/x", "", "ValidationError", 400},
      {"arn:aws:iam::000000000000:role/x", "&DurationSeconds=899", "ValidationError", 400},
      {"arn:aws:iam::000000000000:role/x", "&DurationSeconds=43201", "ValidationError", 400},
  };
  for (const auto& c : cases) {
    const XmlReply reply = assume(c.role, c.more);
    EXPECT_EQ(reply.status, c.status) << reply.body;
    EXPECT_THAT(reply.body, HasSubstr(fmt::format("<Code>{}</Code>", c.code)));
  }
  EXPECT_THAT(send("sts",
                   "Action=AssumeRole&Version=2011-06-15&RoleArn=arn%3Aaws%3Aiam%3A%3A000000000000%3Arole%2Fx"
                   "&RoleSessionName=a%20b")
                  .body,
              HasSubstr("<Code>ValidationError</Code>"));
}

TEST_F(QueryActions, DescribeInstancesKnowsWhatAgentsRegistered) {
  ASSERT_EQ(api_.call("CreateCluster", R"({"clusterName": "c"})").status, 200);
  register_instance("i-0000000000000000a", "10.0.0.1");
  register_instance("i-0000000000000000b", "10.0.0.2");
  const XmlReply all = describe();
  ASSERT_EQ(all.status, 200) << all.body;
  EXPECT_THAT(all.body,
              StartsWith("<DescribeInstancesResponse xmlns=\"http://ec2.amazonaws.com/doc/2016-11-15\"><requestId>"));
  EXPECT_THAT(all.body, HasSubstr("<privateIpAddress>10.0.0.1</privateIpAddress>"));
  EXPECT_THAT(all.body, HasSubstr("<instanceState><code>16</code><name>running</name></instanceState>"));

  const struct {
    std::string_view more;
    int found;
  } cases[] = {
      {"", 2},
      {"&InstanceId.1=i-0000000000000000b", 1},
      {"&Filter.1.Name=instance-id&Filter.1.Value.1=i-0000000000000000a&Filter.1.Value.2=i-0", 1},
      {"&Filter.1.Name=private-ip-address&Filter.1.Value.1=10.0.0.2", 1},
      {"&Filter.1.Name=instance-state-name&Filter.1.Value.1=terminated", 0},
  };
  for (const auto& c : cases) {
    const XmlReply reply = describe(c.more);
    const aws::XmlElement* set = reply.root.find("reservationSet");
    ASSERT_NE(set, nullptr) << reply.body;
    EXPECT_EQ(set->children.size(), static_cast<size_t>(c.found)) << c.more << "\n" << reply.body;
  }
  const XmlReply wrong = describe("&InstanceId.1=mi-1");
  EXPECT_EQ(wrong.status, 400);
  EXPECT_THAT(wrong.body, StartsWith("<Response><Errors><Error><Code>InvalidInstanceID.Malformed</Code>"));
  EXPECT_THAT(describe("&InstanceId.1=i-0").body, HasSubstr("<Code>InvalidInstanceID.NotFound</Code>"));
  EXPECT_THAT(describe("&Filter.1.Name=colour&Filter.1.Value.1=a").body,
              HasSubstr("<Code>InvalidParameterValue</Code>"));
  EXPECT_THAT(describe("&MaxResults=1").body, HasSubstr("<Code>InvalidParameterValue</Code>"));
}

TEST_F(QueryActions, DescribeInstancesInPages) {
  ASSERT_EQ(api_.call("CreateCluster", R"({"clusterName": "c"})").status, 200);
  for (int i = 1; i <= 6; ++i) register_instance(fmt::format("i-{}", i), "10.0.0.1");
  const XmlReply first = describe("&MaxResults=5");
  EXPECT_EQ(first.root.find("reservationSet")->children.size(), 5u);
  const aws::XmlElement* token = first.root.find("nextToken");
  ASSERT_NE(token, nullptr) << first.body;
  const XmlReply second = describe(fmt::format("&MaxResults=5&NextToken={}", token->text));
  EXPECT_EQ(second.root.find("reservationSet")->children.size(), 1u) << second.body;
  EXPECT_EQ(second.root.find("nextToken"), nullptr);
}

}  // namespace
}  // namespace fl::control::api
