#include "ecs/arn.h"

#include <gtest/gtest.h>

namespace fl::ecs {
namespace {

TEST(Arn, ReadsTheFormsOfEcs) {
  struct Case {
    const char *text, *type, *cluster, *name;
  };
  for (const auto& [text, type, cluster, name] : {
           Case{"arn:aws:ecs:eu-west-1:123456789012:task/web/0a1b", "task", "web", "0a1b"},
           Case{"arn:aws:ecs:eu-west-1:123456789012:task/0a1b", "task", "", "0a1b"},
           Case{"arn:aws-cn:ecs:cn-north-1:123456789012:cluster/web", "cluster", "", "web"},
           Case{"arn:aws:ecs:eu-west-1:123456789012:task-definition/app:12", "task-definition", "", "app:12"},
           Case{"arn:aws:ecs:eu-west-1:123456789012:container-instance/web/ff", "container-instance", "web", "ff"},
           Case{"arn:aws:iam::123456789012:role/path/to/name", "role", "path/to", "name"},
       }) {
    const auto arn = parse_arn(text);
    ASSERT_TRUE(arn) << text;
    EXPECT_EQ(arn->account, "123456789012");
    EXPECT_EQ(arn->resource_type(), type);
    EXPECT_EQ(arn->cluster(), cluster);
    EXPECT_EQ(arn->name(), name);
    EXPECT_EQ(short_name(text), name);
  }
}

TEST(Arn, RefusesTheRest) {
  for (const char* text : {"", "web", "arn:", "arn:aws", "arn:aws:ecs:eu-west-1", "arn:aws:ecs:eu-west-1:1",
                           "arn:::::", "arn:aws::r:1:x", "arn:aws:ecs:r:1:", "ARN:aws:ecs:r:1:cluster/x"})
    EXPECT_FALSE(parse_arn(text)) << text;
  EXPECT_EQ(short_name("web"), "web");
}

}  // namespace
}  // namespace fl::ecs
