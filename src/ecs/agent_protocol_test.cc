#include "ecs/agent_protocol.h"

#include <gtest/gtest.h>

#include "ecs/shape.h"

namespace fl::ecs::agent {
namespace {

// As amazon-ecs-agent v1.73.0 was seen to send and take them.
constexpr std::string_view kPayload =
    R"({"type":"PayloadMessage","message":{"clusterArn":"arn:aws:ecs:eu-west-1:000000000000:cluster/fl",)"
    R"("containerInstanceArn":"arn:aws:ecs:eu-west-1:000000000000:container-instance/fl/aaaa","messageId":"m-1",)"
    R"("seqNum":1,"generatedAt":1795230235639,"tasks":[{"arn":"arn:aws:ecs:eu-west-1:000000000000:task/fl/bbbb",)"
    R"("desiredStatus":"RUNNING","family":"web","version":"1","networkMode":"bridge","cpu":0.5,"memory":128,)"
    R"("overrides":"{}","containers":[{"name":"web","image":"bb:1","cpu":10,"memory":64,"essential":true,)"
    R"("command":["httpd","-f"],"environment":{"A":"1","B":"2"},)"
    R"("portMappings":[{"containerPort":80,"hostPort":0,"protocol":"tcp"}],)"
    R"("mountPoints":[{"sourceVolume":"data","containerPath":"/data","readOnly":true}],)"
    R"("dependsOn":[{"containerName":"init","condition":"SUCCESS"}],"startTimeout":30,"stopTimeout":5,)"
    R"("restartPolicy":{"enabled":true,"ignoredExitCodes":[0,3],"restartAttemptPeriod":60},"healthCheckType":"docker",)"
    R"("dockerConfig":{"config":"{}","hostConfig":"{\"NetworkMode\":\"bridge\"}","version":"1.17"}}],)"
    R"("volumes":[{"name":"data","type":"host","host":{"sourcePath":""}}],)"
    R"("roleCredentials":{"credentialsId":"cred-1","roleArn":"arn:role","accessKeyId":"AKID","secretAccessKey":"s",)"
    R"("sessionToken":"t","expiration":"2030-01-01T00:00:00Z"}}]}})";

TEST(AgentProtocol, KeepsAPayload) {
  const auto envelope = parse_envelope(kPayload);
  ASSERT_TRUE(envelope) << envelope.error().message;
  EXPECT_EQ(envelope->type, PayloadMessage::kType);
  PayloadMessage message;
  const auto read = decode(envelope->message, message);
  ASSERT_TRUE(read) << read.error().message;
  const Task& task = items(message.tasks).at(0);
  const Container& web = items(task.containers).at(0);
  EXPECT_EQ(message.generated_at, 1795230235639);
  EXPECT_EQ(task.cpu, 0.5);
  EXPECT_EQ(web.environment->at("B"), "2");
  EXPECT_EQ(items(web.depends_on).at(0).condition, "SUCCESS");
  EXPECT_EQ(items(web.restart_policy->ignored_exit_codes).at(1), 3);
  EXPECT_EQ(to_text(message), kPayload);
}

TEST(AgentProtocol, WritesWhatTheGenuineAgentWrites) {
  EXPECT_EQ(to_text(HeartbeatAckRequest{.message_id = "ccb5"}),
            R"({"type":"HeartbeatAckRequest","message":{"messageId":"ccb5"}})");
  EXPECT_EQ(to_text(IamRoleCredentialsAckRequest{"cred-1", "2030-01-01T00:00:00Z", "dcc0"}),
            R"({"type":"IAMRoleCredentialsAckRequest","message":{"credentialsId":"cred-1",)"
            R"("expiration":"2030-01-01T00:00:00Z","messageId":"dcc0"}})");
  EXPECT_EQ(to_text(AckRequest{"fl", "arn:i", "dcc0"}),
            R"({"type":"AckRequest","message":{"cluster":"fl","containerInstance":"arn:i","messageId":"dcc0"}})");
  const WallTime time{1795230254556ms};
  EXPECT_EQ(
      to_text(PublishHealthRequest{HealthMetadata{"fl", "arn:i", true, "6136"},
                                   std::vector{TaskHealth{.task_arn = "arn:t",
                                                          .cluster_arn = {},
                                                          .task_definition_family = "web",
                                                          .task_definition_version = "1",
                                                          .containers = std::vector{ContainerHealth{
                                                              "web", "HEALTHY", WallTime{1795230244185ms}}}}},
                                   time}),
      R"({"type":"PublishHealthRequest","message":{"metadata":{"cluster":"fl","containerInstance":"arn:i","fin":true,)"
      R"("messageId":"6136"},"tasks":[{"taskArn":"arn:t","taskDefinitionFamily":"web","taskDefinitionVersion":"1",)"
      R"("containers":[{"containerName":"web","healthStatus":"HEALTHY","statusSince":1795230244.185}]}],)"
      R"("timestamp":1795230254.556}})");
  EXPECT_EQ(to_text(PublishMetricsRequest{MetricsMetadata{"fl", "arn:i", true, true, "1328"}, {}, time}),
            R"({"type":"PublishMetricsRequest","message":{"metadata":{"cluster":"fl","containerInstance":"arn:i",)"
            R"("fin":true,"idle":true,"messageId":"1328"},"timestamp":1795230254.556}})");
  EXPECT_EQ(error_text("InactiveInstanceException", "gone"),
            R"({"type":"InactiveInstanceException","message":{"message":"gone"}})");
}

TEST(AgentProtocol, NamesThePlaceOfAMistake) {
  const auto envelope =
      parse_envelope(R"({"type":"PayloadMessage","message":{"tasks":[{"containers":[{"essential":7}]}]}})");
  ASSERT_TRUE(envelope);
  PayloadMessage message;
  const auto read = decode(envelope->message, message);
  ASSERT_FALSE(read);
  EXPECT_EQ(read.error().message, "tasks: [0]: containers: [0]: essential: expected true or false");
  EXPECT_EQ(parse_envelope("[]").error().message, "agent protocol: expected an object with type and message");
  EXPECT_EQ(parse_envelope("{}").error().message, "agent protocol: \"type\" is missing");
  EXPECT_FALSE(parse_envelope("{"));
}

TEST(AgentProtocol, FindsTheBodyBehindSignedHeaders) {
  const auto split = split_telemetry("Authorization: AWS4\r\nHost: h\r\n\r\n{\"type\":\"x\"}");
  EXPECT_EQ(split.headers, "Authorization: AWS4\r\nHost: h");
  EXPECT_EQ(split.body, "{\"type\":\"x\"}");
  EXPECT_EQ(split_telemetry("A: b\n\n{}").body, "{}");
  EXPECT_EQ(split_telemetry("{\"a\":\"\n\n\"}").body, "{\"a\":\"\n\n\"}");
}

}  // namespace
}  // namespace fl::ecs::agent
