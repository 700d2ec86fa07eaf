#include "aws/caller.h"

#include <gmock/gmock.h>

#include <atomic>

#include "aws/ecs_client.h"
#include "aws/generated/ec2_operations.h"
#include "aws/testing/aws_world.h"
#include "ecs/generated/ecs_operations.h"
#include "http/testing/fake_server.h"

namespace fl::aws {
namespace {

using http::testing::FakeServer;
using testing::AwsWorld;
using ::testing::HasSubstr;

const std::string kTasks = FakeServer::answer(200, R"({"taskArns":["a"]})");
std::string error(int status, std::string_view type, std::string_view fields = "") {
  return FakeServer::answer(status, R"({"__type":")" + std::string(type) + R"(","message":"m"})", fields);
}

// Lists tasks against answers given in turn, the last for ever.
struct Played {
  Result<ecs::ListTasksResponse> result;
  std::vector<std::string> requests;
};
Played play(std::vector<std::optional<std::string>> answers, Duration clock_shift = {}) {
  std::atomic<size_t> next = 0;
  FakeServer server([&](const std::string&) { return answers[std::min(next++, answers.size() - 1)]; });
  AwsWorld world({{"AWS_ENDPOINT_URL", server.url()}});
  world.shift_clock(clock_shift);
  world.options.timeout = 100ms;
  FixedCredentials keys({.access_key_id = "AK", .secret_access_key = "SK", .session_token = "ST"});
  auto result = world.run(world.caller().call<ecs::op::ListTasks>({.cluster = "c"}, keys));
  return {std::move(result), server.requests()};
}

TEST(Caller, SignsAndDecodes) {
  const Played played = play({kTasks});
  ASSERT_TRUE(played.result) << played.result.error().message;
  EXPECT_EQ(played.result->task_arns->at(0), "a");
  ASSERT_EQ(played.requests.size(), 1u);
  for (const char* part : {"POST / HTTP/1.1\r\n", "X-Amz-Target: AmazonEC2ContainerServiceV20141113.ListTasks\r\n",
                           "Authorization: AWS4-HMAC-SHA256 Credential=AK/", "/eu-west-1/ecs/aws4_request, ",
                           "SignedHeaders=content-type;host;x-amz-date;x-amz-security-token;x-amz-target, ",
                           "X-Amz-Security-Token: ST\r\n", "\r\n\r\n{\"cluster\":\"c\"}"})
    EXPECT_THAT(played.requests[0], HasSubstr(part));
}

TEST(Caller, TriesAgainWhatMayPass) {
  const std::optional<std::string> failures[] = {
      error(500, "ServerException"),
      error(503, "ServiceUnavailable"),
      FakeServer::answer(502, "<html>"),
      FakeServer::answer(200, ""),
      FakeServer::answer(200, "{\"taskArns\":["),
      "HTTP/1.1 200 OK\r\nContent-Length: 100\r\nConnection: close\r\n\r\n{\"taskArns\":[]}",
      "",
      std::nullopt,
      "nonsense\r\n\r\n",
      error(400, "ExpiredTokenException"),
  };
  for (const auto& failure : failures) {
    const Played played = play({failure, kTasks});
    EXPECT_TRUE(played.result) << failure.value_or("silence") << played.result.error().message;
    EXPECT_EQ(played.requests.size(), 2u);
  }
}

TEST(Caller, GivesUpAfterThreeAttempts) {
  struct Case {
    std::optional<std::string> answer;
    Code code;
    const char* message;
  };
  for (const auto& [answer, code, message] : {
           Case{error(500, "ServerException"), Code::unavailable,
                "ecs ListTasks: ServerException: m (after 3 attempts)"},
           Case{FakeServer::answer(200, ""), Code::unavailable,
                "ecs ListTasks: the answer cannot be read: not valid JSON"},
           Case{std::nullopt, Code::timeout, "no answer in time"},
       }) {
    const Played played = play({answer});
    ASSERT_FALSE(played.result);
    EXPECT_EQ(played.result.error().code, code);
    EXPECT_THAT(played.result.error().message, HasSubstr(message));
    EXPECT_EQ(played.requests.size(), 3u);
  }
}

TEST(Caller, DoesNotRepeatWhatCannotPass) {
  for (const auto& [type, code] : {std::pair{"AccessDeniedException", Code::denied},
                                   {"ClusterNotFoundException", Code::not_found},
                                   {"InvalidParameterException", Code::invalid}}) {
    const Played played = play({error(400, type)});
    ASSERT_FALSE(played.result);
    EXPECT_EQ(played.result.error().code, code);
    EXPECT_EQ(played.result.error().message, std::string("ecs ListTasks: ") + type + ": m");
    EXPECT_EQ(played.requests.size(), 1u);
  }
}

TEST(Caller, SlowsDownWhenThrottled) {
  const TimePoint begin = system_clock().now();
  const Played played = play({error(400, "ThrottlingException"), kTasks});
  EXPECT_TRUE(played.result);
  EXPECT_GE(system_clock().now() - begin, 300ms);
}

TEST(Caller, CorrectsItsClock) {
  const std::string date = "Date: " + format_http_date(system_clock().wall()) + "\r\n";
  const Played played = play({error(403, "InvalidSignatureException", date), kTasks}, -2h);
  ASSERT_TRUE(played.result) << played.result.error().message;
  const auto date_of = [](const std::string& request) { return request.substr(request.find("X-Amz-Date: ") + 12, 11); };
  EXPECT_NE(date_of(played.requests.at(0)), date_of(played.requests.at(1)));
  EXPECT_EQ(date_of(played.requests.at(1)), format_iso8601_basic(system_clock().wall()).substr(0, 11));
  // A right clock is not why.
  EXPECT_EQ(play({error(403, "InvalidSignatureException", date)}).requests.size(), 1u);
}

TEST(Caller, StopsWhenAsked) {
  FakeServer server([](const std::string&) { return std::optional<std::string>(); });
  AwsWorld world({{"AWS_ENDPOINT_URL", server.url()}});
  net::StopSource stop;
  world.options.stop = &stop;
  world.loop.post([&] { stop.request_stop(); });
  FixedCredentials keys({.access_key_id = "AK", .secret_access_key = "SK"});
  EXPECT_EQ(world.run(world.caller().call<ecs::op::ListTasks>({}, keys)).error().code, Code::canceled);
}

TEST(EcsClient, MakesTypedCalls) {
  FakeServer server([](const std::string& request) {
    if (request.contains("Action=DescribeInstances"))
      return FakeServer::answer(200, "<DescribeInstancesResponse><reservationSet/></DescribeInstancesResponse>");
    if (request.contains(".ListClusters")) return FakeServer::answer(200, R"({"clusterArns":[]})");
    return FakeServer::answer(200, "{}");
  });
  AwsWorld world({{"AWS_ENDPOINT_URL", server.url()}, {"AWS_REGION", "eu-west-1"}});
  auto client = world.run(
      EcsClient::create(world.fetcher, world.environment, {.access_key_id = "AK", .secret_access_key = "SK"}));
  ASSERT_TRUE(client) << client.error().message;
  EXPECT_EQ((*client)->region(), "eu-west-1");
  EXPECT_EQ(world.run((*client)->list_clusters({}))->cluster_arns->size(), 0u);
  EXPECT_EQ(world.run((*client)->describe_instances({}))->reservations->size(), 0u);
  // {} is an answer to none of these questions.
  const auto tasks = world.run((*client)->list_tasks({}));
  ASSERT_FALSE(tasks);
  EXPECT_EQ(tasks.error().message, "ecs ListTasks: the answer lacks what was asked for");
}

TEST(EcsClient, NeedsARegionAndGoodFiles) {
  AwsWorld world({{"AWS_EC2_METADATA_DISABLED", "true"}});
  EXPECT_THAT(world.run(EcsClient::create(world.fetcher, world.environment, {})).error().message,
              HasSubstr("no AWS region"));
  AwsWorld bundle({{"AWS_REGION", "r"}, {"AWS_CA_BUNDLE", "/nonexistent"}});
  EXPECT_THAT(bundle.run(EcsClient::create(bundle.fetcher, bundle.environment, {})).error().message,
              HasSubstr("cannot read CA certificates from /nonexistent"));
}

}  // namespace
}  // namespace fl::aws
