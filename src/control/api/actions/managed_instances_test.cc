// Keys for machines: they sign with the key they registered, as amazon-ssm-agent does.
#include "control/api/actions/managed_instances.h"

#include <gtest/gtest.h>

#include "aws/sigv4.h"
#include "base/rsa_key.h"
#include "control/api/api_for_test.h"

namespace fl::control::api {
namespace {

class ManagedInstances : public ::testing::Test {
 protected:
  ManagedInstances() {
    const Reply activation = api_.call("ssm", "CreateActivation", R"({"IamRole": "service-role/anywhere"})", kRegion);
    const json::Value request = json::Object{{"ActivationId", activation.body.string_at("ActivationId")},
                                             {"ActivationCode", activation.body.string_at("ActivationCode")},
                                             {"PublicKey", key_->public_key()},
                                             {"PublicKeyType", "Rsa"},
                                             {"Fingerprint", "print"}};
    id_ = api_.call("ssm", "RegisterManagedInstance", json::to_text(request)).body.string_at("InstanceId");
    EXPECT_TRUE(id_.starts_with("mi-")) << id_;
  }

  Reply ask_for_keys(std::string_view id, const std::shared_ptr<const RsaKey>& key, std::string_view fingerprint,
                     std::string_view region = kRegion) {
    std::string body = json::to_text(json::Object{{"Fingerprint", fingerprint}});
    aws::SigningInput input{.method = "POST", .headers = {{"host", "127.0.0.1"}}, .body = body};
    const auto added = aws::sign(input,
                                 {.access_key_id = std::string(id),
                                  .secret_access_key = {},
                                  .session_token = {},
                                  .expires = {},
                                  .machine_key = key},
                                 {region, "ssm"}, api_.clock.wall());
    ExchangeForTest exchange("POST", "/", body);
    exchange.add_header("Host", "127.0.0.1");
    exchange.add_header("Content-Type", "application/x-amz-json-1.1");
    exchange.add_header("X-Amz-Target", "AmazonSSM.RequestManagedInstanceRoleToken");
    for (const auto& [name, value] : added) exchange.add_header(name, value);
    api_.send(exchange);
    Reply reply{.status = exchange.response.status, .error = exchange.header("x-amzn-ErrorType"), .body = {}};
    if (auto value = json::parse(exchange.answer())) reply.body = *std::move(value);
    return reply;
  }

  static constexpr std::string_view kRegion = "eu-west-1";
  ApiForTest api_;
  std::shared_ptr<const RsaKey> key_ = std::make_shared<const RsaKey>(RsaKey::generate());
  std::string id_;
};

TEST_F(ManagedInstances, GetKeysOfTheirRole) {
  const Reply reply = ask_for_keys(id_, key_, "print");
  ASSERT_EQ(reply.status, 200) << json::to_text(reply.body);
  const auto key = api_.front.settings().temporary_keys->find(reply.body.string_at("AccessKeyId"),
                                                              reply.body.string_at("SessionToken"));
  ASSERT_TRUE(key);
  EXPECT_EQ(key->secret, reply.body.string_at("SecretAccessKey"));
  EXPECT_EQ(key->arn, "arn:aws:sts::000000000000:assumed-role/anywhere/" + id_);
  EXPECT_EQ(key->account, "000000000000");
  EXPECT_EQ(key->expires, api_.clock.wall() + 1h);
}

TEST_F(ManagedInstances, AreRefusedKeysOfOthers) {
  const auto stranger = std::make_shared<const RsaKey>(RsaKey::generate());
  EXPECT_EQ(ask_for_keys(id_, stranger, "print").error, "InvalidSignatureException");
  EXPECT_EQ(ask_for_keys(id_, key_, "other").error, "MachineFingerprintDoesNotMatch");
  EXPECT_EQ(ask_for_keys("mi-00000000000000000", key_, "print").error, "UnrecognizedClientException");
  EXPECT_EQ(ask_for_keys(id_, key_, "print", "us-east-1").error, "UnrecognizedClientException") << "another region";
}

TEST_F(ManagedInstances, GetNoKeysOnceDeregistered) {
  const std::string request = json::to_text(json::Object{{"InstanceId", id_}});
  ASSERT_EQ(api_.call("ssm", "DeregisterManagedInstance", request, kRegion).status, 200);
  EXPECT_EQ(ask_for_keys(id_, key_, "print").error, "UnrecognizedClientException");
}

TEST_F(ManagedInstances, UseTheirKeysNoLongerOnceDeregistered) {
  const json::Value keys = ask_for_keys(id_, key_, "print").body;
  const auto list_clusters = [&](std::string_view session_token) {
    ExchangeForTest exchange("POST", "/", "{}");
    exchange.add_header("Content-Type", "application/x-amz-json-1.1");
    exchange.add_header("X-Amz-Target", "AmazonEC2ContainerServiceV20141113.ListClusters");
    exchange.add_header("X-Amz-Date", "20260101T000000Z");
    exchange.add_header("X-Amz-Security-Token", session_token);
    exchange.add_header("Authorization", fmt::format("AWS4-HMAC-SHA256 Credential={}/20260101/{}/ecs/aws4_request, "
                                                     "SignedHeaders=host;x-amz-security-token, Signature=00",
                                                     keys.string_at("AccessKeyId"), kRegion));
    api_.send(exchange);
    return exchange.header("x-amzn-ErrorType");
  };
  EXPECT_EQ(list_clusters(keys.string_at("SessionToken")), "");
  const std::string request = json::to_text(json::Object{{"InstanceId", id_}});
  ASSERT_EQ(api_.call("ssm", "DeregisterManagedInstance", request, kRegion).status, 200);
  EXPECT_EQ(list_clusters(keys.string_at("SessionToken")), "UnrecognizedClientException");
}

// A machine that has a record because its agent registered as external, without an activation, has no key.
TEST_F(ManagedInstances, WithoutAKeyGetNone) {
  ASSERT_EQ(api_.call("ecs", "CreateCluster", R"({"clusterName": "c"})", kRegion).status, 200);
  const Reply registered =
      api_.call("ecs", "RegisterContainerInstance",
                R"({"cluster": "c", "attributes": [{"name": "ecs.capability.external"}]})", kRegion);
  const json::Value* instance = registered.body.find("containerInstance");
  ASSERT_NE(instance, nullptr) << json::to_text(registered.body);
  EXPECT_EQ(ask_for_keys(instance->string_at("ec2InstanceId"), key_, "").error, "UnrecognizedClientException");
}

}  // namespace
}  // namespace fl::control::api
