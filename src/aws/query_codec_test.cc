#include "aws/query_codec.h"

#include <gtest/gtest.h>

#include "aws/generated/ec2_operations.h"
#include "aws/generated/sts_operations.h"
#include "aws/iso8601.h"
#include "ecs/shape.h"

namespace fl::aws {
namespace {

TEST(QueryCodec, WritesForms) {
  std::string form = "Action=x";
  QueryWriter sts_writer(form, QueryStyle::query);
  sts::AssumeRoleRequest role{.role_arn = "arn:aws:iam::1:role/r", .role_session_name = "a b", .duration_seconds = 900};
  role.tags = {{.key = "k1", .value = "v1"}, {.key = "k2", .value = ""}};
  role.transitive_tag_keys = {"k1"};
  encode(role, sts_writer);
  EXPECT_EQ(form,
            "Action=x&RoleArn=arn%3Aaws%3Aiam%3A%3A1%3Arole%2Fr&RoleSessionName=a%20b&DurationSeconds=900"
            "&Tags.member.1.Key=k1&Tags.member.1.Value=v1&Tags.member.2.Key=k2&Tags.member.2.Value="
            "&TransitiveTagKeys.member.1=k1");

  form.clear();
  QueryWriter ec2_writer(form, QueryStyle::ec2);
  ec2::DescribeInstancesRequest instances{.instance_ids = {{"i-1", "i-2"}}, .dry_run = false};
  instances.filters = {{.name = "tag:x", .values = {{"1", "2"}}}};
  encode(instances, ec2_writer);
  EXPECT_EQ(
      form,
      "&InstanceId.1=i-1&InstanceId.2=i-2&DryRun=false&Filter.1.Name=tag%3Ax&Filter.1.Value.1=1&Filter.1.Value.2=2");
}

TEST(QueryCodec, ReadsXml) {
  const auto xml = parse_xml(R"(<DescribeInstancesResponse xmlns="http://ec2.amazonaws.com/doc/2016-11-15/">
    <requestId>r</requestId>
    <reservationSet><item><instancesSet>
      <item><instanceId>i-1</instanceId><instanceState><code>16</code><name>running</name></instanceState>
        <privateIpAddress>10.0.0.1</privateIpAddress><launchTime>2026-11-21T07:44:00.000Z</launchTime>
        <ebsOptimized>false</ebsOptimized><unknown><x/></unknown></item>
      <item><instanceId>i-2</instanceId></item>
    </instancesSet></item></reservationSet>
    <nextToken>more</nextToken></DescribeInstancesResponse>)");
  ASSERT_TRUE(xml);
  ec2::DescribeInstancesResult result;
  const auto read = decode(*xml, result);
  ASSERT_TRUE(read) << read.error().message;
  const auto& instances = ecs::items(ecs::items(result.reservations).at(0).instances);
  ASSERT_EQ(instances.size(), 2u);
  EXPECT_EQ(instances[0].private_ip_address, "10.0.0.1");
  EXPECT_EQ(instances[0].state->code, 16);
  EXPECT_EQ(instances[0].ebs_optimized, false);
  EXPECT_EQ(instances[0].launch_time, WallTime(std::chrono::seconds(1795247040)));
  EXPECT_EQ(result.next_token, "more");
}

TEST(QueryCodec, NamesThePathOfWhatIsWrong) {
  const std::pair<std::string_view, std::string_view> cases[] = {
      {"<r><reservationSet><item><instancesSet><item/><item><amiLaunchIndex>x</amiLaunchIndex></item></instancesSet>"
       "</item></reservationSet></r>",
       "reservationSet: item 1: instancesSet: item 2: amiLaunchIndex: expected a 32-bit integer"},
      {"<r><nextToken><b/></nextToken></r>", "nextToken: expected text"},
      {"<r><reservationSet><item><instancesSet><item><ebsOptimized>1</ebsOptimized></item></instancesSet></item>"
       "</reservationSet></r>",
       "reservationSet: item 1: instancesSet: item 1: ebsOptimized: expected true or false"},
  };
  for (const auto& [text, message] : cases) {
    ec2::DescribeInstancesResult result;
    EXPECT_EQ(decode(*parse_xml(text), result).error().message, message);
  }
}

TEST(Iso8601, ReadsAwsTimes) {
  const std::pair<std::string_view, int64_t> cases[] = {
      {"1970-01-01T00:00:00Z", 0},
      {"2026-11-21T07:44:00Z", 1795247040'000},
      {"2026-11-21T07:44:00.5Z", 1795247040'500},
      {"2026-11-21T07:44:00.123456789123Z", 1795247040'123},
      {"2026-11-21T08:44:00+01:00", 1795247040'000},
      {"2026-11-21T02:14:00-05:30", 1795247040'000},
      {"2024-02-29T00:00:00Z", 1709164800'000},
  };
  for (const auto& [text, ms] : cases) {
    const auto time = parse_iso8601(text);
    ASSERT_TRUE(time) << text;
    EXPECT_EQ(std::chrono::floor<std::chrono::milliseconds>(*time).time_since_epoch().count(), ms) << text;
  }
  for (const char* text :
       {"", "2026-11-21", "2026-11-21T07:44:00", "2026-11-21 07:44:00Z", "2026-13-01T00:00:00Z", "2023-02-29T00:00:00Z",
        "2026-11-21T24:00:00Z", "2026-11-21T07:60:00Z", "2026-11-21T07:44:00.Z", "2026-11-21T07:44:00Zx",
        "2026-11-21T07:44:00+1:00", "1969-12-31T23:59:59Z", "9999-12-31T23:59:59Z", "+026-11-21T07:44:00Z"})
    EXPECT_FALSE(parse_iso8601(text)) << text;
}

}  // namespace
}  // namespace fl::aws
