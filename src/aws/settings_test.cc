// Profiles, endpoints, regions: what is read from variables and files.
#include <gmock/gmock.h>

#include "aws/endpoints.h"
#include "aws/generated/ec2_operations.h"
#include "aws/generated/sts_operations.h"
#include "aws/profiles.h"
#include "aws/region.h"
#include "aws/testing/aws_world.h"
#include "ecs/generated/ecs_operations.h"
#include "http/testing/fake_server.h"

namespace fl::aws {
namespace {

using http::testing::FakeServer;
using testing::AwsWorld;
using ::testing::HasSubstr;
using testing::TextFile;

TEST(Profiles, MergesBothFiles) {
  const TextFile config(
      "# comment\n; too\n[default]\nregion = eu-west-1 # inline\noutput=json\ns3 =\n  max = 1\n\n"
      "[profile  web ]\nRole_ARN = arn:aws:iam::1:role/r#1\n[profile \"two words\"]\nregion=r2\n"
      "[services x]\necs =\n  endpoint_url = y\n[web]\nregion = not-a-profile\n");
  const TextFile keys("[default]\r\naws_access_key_id=AK\r\nregion = wins\r\n[web]\naws_access_key_id = A=B\n");
  const FixedEnvironment environment(
      {{"AWS_CONFIG_FILE", config.path()}, {"AWS_SHARED_CREDENTIALS_FILE", keys.path()}, {"AWS_PROFILE", "web"}});
  const auto profiles = Profiles::load(environment);
  ASSERT_TRUE(profiles) << profiles.error().message;
  EXPECT_EQ(*profiles->find("default"),
            (Settings{{"aws_access_key_id", "AK"}, {"region", "wins"}, {"output", "json"}, {"s3", ""}}));
  EXPECT_EQ(*profiles->find("web"), (Settings{{"aws_access_key_id", "A=B"}, {"role_arn", "arn:aws:iam::1:role/r#1"}}));
  EXPECT_EQ(profiles->find("two words")->at("region"), "r2");
  EXPECT_EQ(profiles->find("services x"), nullptr);
  EXPECT_TRUE(profiles->is_chosen());
  EXPECT_EQ(profiles->active_setting("role_arn"), "arn:aws:iam::1:role/r#1");
}

TEST(Profiles, SayWhereAFileIsWrong) {
  const std::pair<std::string_view, std::string_view> cases[] = {
      {"[default\n", "f:1: a section's heading does not end with ]"},
      {"[a]\nx = 1\nnonsense\n", "f:3: expected \"name = value\" or \"[section]\""},
      {"[a]\n= 1\n", "f:2: expected \"name = value\" or \"[section]\""},
      {"\nx = 1\n", "f:2: a setting before the first [section]"},
  };
  for (const auto& [text, message] : cases) EXPECT_EQ(parse_ini(text, "f").error().message, message);
  const FixedEnvironment folder({{"AWS_CONFIG_FILE", "/"}});
  EXPECT_THAT(Profiles::load(folder).error().message, HasSubstr("cannot read /"));
  EXPECT_TRUE(Profiles::load(FixedEnvironment({{"HOME", "/nonexistent"}})));
}

TEST(Endpoints, FollowSettingsThenThePartition) {
  using Variables = std::map<std::string, std::string>;
  struct Case {
    Variables variables;
    const ecs::ServiceModel& service;
    const char *region, *want;
  };
  const Case cases[] = {
      {{}, ecs::kService, "eu-west-1", "https://ecs.eu-west-1.amazonaws.com/"},
      {{}, ec2::kService, "cn-north-1", "https://ec2.cn-north-1.amazonaws.com.cn/"},
      {{}, sts::kService, "us-gov-west-1", "https://sts.us-gov-west-1.amazonaws.com/"},
      {{}, ecs::kService, "us-isob-east-1", "https://ecs.us-isob-east-1.sc2s.sgov.gov/"},
      {{{"AWS_USE_FIPS_ENDPOINT", "true"}}, ecs::kService, "us-east-1", "https://ecs-fips.us-east-1.amazonaws.com/"},
      {{{"AWS_USE_DUALSTACK_ENDPOINT", "TRUE"}}, ec2::kService, "us-east-1", "https://ec2.us-east-1.api.aws/"},
      {{{"AWS_ENDPOINT_URL", "http://a:1/x"}}, sts::kService, "", "http://a:1/x"},
      {{{"AWS_ENDPOINT_URL", "http://a:1"}, {"AWS_ENDPOINT_URL_STS", "http://b:2"}}, sts::kService, "", "http://b:2/"},
      {{{"AWS_ENDPOINT_URL", "http://a:1"}, {"AWS_ENDPOINT_URL_STS", "http://b:2"}}, ecs::kService, "", "http://a:1/"},
      {{{"AWS_ENDPOINT_URL", "http://a"}, {"AWS_IGNORE_CONFIGURED_ENDPOINT_URLS", "true"}},
       ecs::kService,
       "eu-west-1",
       "https://ecs.eu-west-1.amazonaws.com/"},
  };
  for (const Case& c : cases) {
    const FixedEnvironment environment(c.variables);
    const auto url = find_endpoint(c.service, c.region, environment, *Profiles::load(environment));
    ASSERT_TRUE(url) << url.error().message;
    EXPECT_EQ(url->to_string(), c.want);
  }
}

TEST(Endpoints, RefuseWhatIsNone) {
  const FixedEnvironment bad({{"AWS_ENDPOINT_URL_ECS", "localhost:4566"}});
  EXPECT_THAT(find_endpoint(ecs::kService, "r", bad, *Profiles::load(bad)).error().message,
              HasSubstr("AWS_ENDPOINT_URL_ECS: \"localhost:4566\" is not a http or https URL"));
  const FixedEnvironment none({});
  for (const char* region : {"", "a.b", "eu-west-1/x", "a b"})
    EXPECT_FALSE(find_endpoint(ecs::kService, region, none, *Profiles::load(none))) << region;
}

TEST(Region, IsSearchedInOrder) {
  FakeServer task([](const std::string& request) {
    if (request.starts_with("GET /arn/task "))
      return FakeServer::answer(200, R"({"TaskARN":"arn:aws:ecs:ap-south-1:1:task/c/t"})");
    if (request.starts_with("GET /zone/task ")) return FakeServer::answer(200, R"({"AvailabilityZone":"eu-north-1b"})");
    if (request.starts_with("PUT /latest/api/token ")) return FakeServer::answer(200, "tok");
    if (request.starts_with("GET /latest/meta-data/placement/region ") && request.contains("token: tok\r\n"))
      return FakeServer::answer(200, "sa-east-1");
    return FakeServer::answer(404, "");
  });
  const TextFile config("[default]\nregion = from-profile\n");
  using Variables = std::map<std::string, std::string>;
  const std::pair<Variables, std::string> cases[] = {
      {{{"AWS_REGION", "a"}, {"AWS_DEFAULT_REGION", "b"}, {"AWS_CONFIG_FILE", config.path()}}, "a"},
      {{{"AWS_DEFAULT_REGION", "b"}, {"AWS_CONFIG_FILE", config.path()}}, "b"},
      {{{"AWS_CONFIG_FILE", config.path()}, {"ECS_CONTAINER_METADATA_URI_V4", task.url("/arn")}}, "from-profile"},
      {{{"ECS_CONTAINER_METADATA_URI_V4", task.url("/arn")}}, "ap-south-1"},
      {{{"ECS_CONTAINER_METADATA_URI_V4", task.url("/zone")}}, "eu-north-1"},
      {{{"AWS_EC2_METADATA_SERVICE_ENDPOINT", task.url("/")}}, "sa-east-1"},
  };
  for (const auto& [variables, want] : cases) {
    AwsWorld world(variables);
    const auto region = world.run(find_region(world.fetcher, world.environment, world.profiles, nullptr));
    ASSERT_TRUE(region) << region.error().message;
    EXPECT_EQ(*region, want);
  }
  AwsWorld none({{"AWS_EC2_METADATA_DISABLED", "true"}});
  EXPECT_EQ(none.run(find_region(none.fetcher, none.environment, none.profiles, nullptr)).error().message,
            "no AWS region: AWS_REGION and AWS_DEFAULT_REGION are not set; profile default has no region; "
            "task: ECS_CONTAINER_METADATA_URI_V4 is not set; instance: AWS_EC2_METADATA_DISABLED is true");
}

}  // namespace
}  // namespace fl::aws
