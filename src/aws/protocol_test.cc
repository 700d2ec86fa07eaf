#include "aws/protocol.h"

#include <gmock/gmock.h>

#include "aws/generated/ec2_operations.h"
#include "aws/generated/sts_operations.h"
#include "aws/rate_limiter.h"
#include "ecs/generated/ecs_operations.h"

namespace fl::aws {
namespace {

using ecs::WireProtocol;

TEST(Protocol, MakesRequests) {
  const auto url = *http::Url::parse("http://localhost:5000");
  const auto json_call = encode_call<ecs::op::ListTasks>({.cluster = "web", .max_results = 100});
  const auto json_request = make_request(json_call, url);
  EXPECT_EQ(json_request.method, "POST");
  EXPECT_EQ(json_request.body, R"({"cluster":"web","maxResults":100})");
  EXPECT_EQ(json_request.headers,
            (http::FetchHeaders{{"Content-Type", "application/x-amz-json-1.1"},
                                {"X-Amz-Target", "AmazonEC2ContainerServiceV20141113.ListTasks"}}));
  const auto form = make_request(encode_call<sts::op::GetCallerIdentity>({}), url);
  EXPECT_EQ(form.body, "Action=GetCallerIdentity&Version=2011-06-15");
  EXPECT_EQ(encode_call<ec2::op::DescribeInstances>({.instance_ids = {{"i-1"}}}).body,
            "Action=DescribeInstances&Version=2016-11-15&InstanceId.1=i-1");
}

TEST(Protocol, ReadsAnswers) {
  sts::GetCallerIdentityResponse identity;
  ASSERT_TRUE(decode_answer<sts::op::GetCallerIdentity>(
      "<GetCallerIdentityResponse xmlns=\"x\"><GetCallerIdentityResult><Arn>a</Arn></GetCallerIdentityResult>"
      "</GetCallerIdentityResponse>",
      identity));
  EXPECT_EQ(identity.arn, "a");
  ecs::ListTasksResponse tasks;
  ASSERT_TRUE(decode_answer<ecs::op::ListTasks>(R"({"taskArns":["a"]})", tasks));
  EXPECT_EQ(tasks.task_arns->size(), 1u);
}

TEST(Protocol, RefusesWrongAnswers) {
  ecs::ListTasksResponse tasks;
  for (const char* body : {"", " ", "null", "[]", "{", R"({"taskArns":["a")", R"({"taskArns":"a"})", "<html></html>"})
    EXPECT_FALSE(decode_answer<ecs::op::ListTasks>(body, tasks)) << body;
  sts::GetCallerIdentityResponse identity;
  for (const char* body : {"", "{}", "<html></html>", "<GetCallerIdentityResponse/>", "<GetCallerIdentityResult/>"})
    EXPECT_FALSE(decode_answer<sts::op::GetCallerIdentity>(body, identity)) << body;
}

TEST(Protocol, ReadsErrors) {
  struct Case {
    WireProtocol protocol;
    uint16_t status;
    http::FetchHeaders headers;
    const char* body;
    Code code;
    const char *type, *message;
  };
  const Case cases[] = {
      {WireProtocol::json,
       400,
       {},
       R"({"__type":"ClusterNotFoundException","message":"Cluster not found."})",
       Code::not_found,
       "ClusterNotFoundException",
       "Cluster not found."},
      {WireProtocol::json,
       400,
       {},
       R"({"__type":"com.amazonaws.ecs#ThrottlingException","Message":"Rate exceeded"})",
       Code::throttled,
       "ThrottlingException",
       "Rate exceeded"},
      {WireProtocol::json,
       400,
       {{"X-Amzn-Errortype", "AccessDeniedException:http://x/"}},
       R"({"message":"no"})",
       Code::denied,
       "AccessDeniedException",
       "no"},
      {WireProtocol::json, 500, {}, "", Code::unavailable, "", ""},
      {WireProtocol::json, 503, {}, "<html>", Code::unavailable, "", ""},
      {WireProtocol::json, 429, {}, "{}", Code::throttled, "", ""},
      {WireProtocol::json, 403, {}, R"({"__type":5})", Code::denied, "", ""},
      {WireProtocol::json, 404, {}, "[]", Code::not_found, "", ""},
      {WireProtocol::json, 400, {}, R"({"__type":"ServerException"})", Code::unavailable, "ServerException", ""},
      {WireProtocol::json,
       400,
       {},
       R"({"__type":"InvalidParameterException","message":"m"})",
       Code::invalid,
       "InvalidParameterException",
       "m"},
      {WireProtocol::query,
       403,
       {},
       "<ErrorResponse xmlns=\"x\"><Error><Type>Sender</Type><Code>ExpiredToken</Code><Message>old</Message></Error>"
       "<RequestId>r</RequestId></ErrorResponse>",
       Code::denied,
       "ExpiredToken",
       "old"},
      {WireProtocol::ec2,
       400,
       {},
       "<Response><Errors><Error><Code>InvalidInstanceID.NotFound</Code><Message>gone</Message></Error></Errors>"
       "<RequestID>r</RequestID></Response>",
       Code::not_found,
       "InvalidInstanceID.NotFound",
       "gone"},
      {WireProtocol::ec2,
       503,
       {},
       "<Response><Errors><Error><Code>RequestLimitExceeded</Code></Error></Errors></Response>",
       Code::throttled,
       "RequestLimitExceeded",
       ""},
      {WireProtocol::ec2, 502, {}, "Bad Gateway", Code::unavailable, "", ""},
      {WireProtocol::query, 400, {}, "<ErrorResponse/>", Code::invalid, "", ""},
  };
  for (const Case& c : cases) {
    const ServiceError error = read_error(c.protocol, {.status = c.status, .headers = c.headers, .body = c.body});
    EXPECT_EQ(error.code, c.code) << c.body;
    EXPECT_EQ(error.type, c.type) << c.body;
    EXPECT_EQ(error.message, c.message) << c.body;
  }
}

TEST(RateLimiter, SlowsDownWhenThrottledAndRecovers) {
  RateLimiter limiter;
  TimePoint now{1h};
  for (int i = 0; i < 100; ++i, now += 50ms) EXPECT_EQ(limiter.reserve(now), Duration(0));  // 20 a second
  limiter.on_throttled(now);
  EXPECT_NEAR(limiter.rate(), 14, 1);
  // Slots are handed out one after the other.
  const Duration first = limiter.reserve(now), second = limiter.reserve(now);
  EXPECT_NEAR(std::chrono::duration<double>(second - first).count(), 1 / limiter.rate(), 0.001);
  for (int i = 0; i < 20; ++i) limiter.on_throttled(now);
  EXPECT_EQ(limiter.rate(), 0.5);
  limiter.on_success(now + 10s);
  EXPECT_NEAR(limiter.rate(), 5.5, 0.01);
  limiter.on_success(now + 200s);
  EXPECT_FALSE(limiter.is_limiting());
  EXPECT_EQ(limiter.reserve(now + 200s), Duration(0));
}

}  // namespace
}  // namespace fl::aws
