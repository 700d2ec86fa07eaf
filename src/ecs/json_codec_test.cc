#include "ecs/json_codec.h"

#include <gtest/gtest.h>

#include "ecs/generated/ecs_operations.h"
#include "ecs/generated/ecs_text.h"
#include "ecs/shape.h"

namespace fl::ecs {
namespace {

// Every kind of member, both ways.
TEST(JsonCodec, KeepsWhatItReads) {
  constexpr std::string_view kText =
      R"({"tasks":[{"attachments":[],"attributes":[{"name":"cpu","value":"x"}],)"
      R"("containers":[{"name":"web","exitCode":0,"networkBindings":[{"bindIP":"0.0.0.0","hostPort":32768}]}],)"
      R"("createdAt":1600000000.123,"enableExecuteCommand":false,"startedAt":1600000001,"version":9007199254740993}]})";
  DescribeTasksResponse shape;
  const auto read = decode(*json::parse(kText), shape);
  ASSERT_TRUE(read) << read.error().message;
  const Task& task = items(shape.tasks).at(0);
  EXPECT_EQ(task.created_at, WallTime(std::chrono::milliseconds(1600000000123)));
  EXPECT_EQ(items(task.containers).at(0).network_bindings->at(0).host_port, 32768);
  EXPECT_EQ(task.version, 9007199254740993);
  EXPECT_EQ(task.attachments.value().size(), 0u);
  EXPECT_EQ(text(task.group), "");
  EXPECT_EQ(json::to_text(encode(shape)), kText);
}

TEST(JsonCodec, KeepsMaps) {
  constexpr std::string_view kText =
      R"({"taskDefinition":{"containerDefinitions":[{"dockerLabels":{"a":"1","b":"2"}}]}})";
  DescribeTaskDefinitionResponse shape;
  ASSERT_TRUE(decode(*json::parse(kText), shape));
  EXPECT_EQ(shape.task_definition->container_definitions->at(0).docker_labels->at("b"), "2");
  EXPECT_EQ(json::to_text(encode(shape)), kText);
}

template <class Shape>
std::string text_of(const Shape& shape) {
  std::string out;
  append_json(out, shape);
  return out;
}

// The two ways to the wire say the same: every kind of member, what needs escapes, what is empty.
TEST(JsonCodec, TextIsThatOfTheValue) {
  constexpr std::string_view kTexts[] = {
      R"({})",
      R"({"tasks":[],"failures":[{},{"arn":"a"}]})",
      R"({"tasks":[{"attributes":[{"name":"a\"\\\n","value":"é\u0001"}],"containers":[{"exitCode":-1,"networkBindings":[]}],)"
      R"("createdAt":1600000000.123,"startedAt":1600000001,"stoppedAt":0,"enableExecuteCommand":true,"version":-9007199254740993}]})",
  };
  for (const auto text : kTexts) {
    DescribeTasksResponse shape;
    ASSERT_TRUE(decode(*json::parse(text), shape)) << text;
    EXPECT_EQ(text_of(shape), json::to_text(encode(shape)));
  }
  constexpr std::string_view kMaps =
      R"({"taskDefinition":{"containerDefinitions":[{"dockerLabels":{"a\"b":"1","c":"2"},"logConfiguration":{"options":{}}}]}})";
  DescribeTaskDefinitionResponse shape;
  ASSERT_TRUE(decode(*json::parse(kMaps), shape));
  EXPECT_EQ(text_of(shape), json::to_text(encode(shape)));
  EXPECT_NE(text_of(shape).find(R"("options":{})"), std::string::npos);
}

TEST(JsonCodec, LetsNullAndUnknownMembersThrough) {
  DescribeTasksResponse shape;
  ASSERT_TRUE(decode(*json::parse(R"({"tasks":null,"failures":[{"arn":null}],"new":{"x":[1]}})"), shape));
  EXPECT_FALSE(shape.tasks);
  EXPECT_FALSE(shape.failures->at(0).arn);
}

TEST(JsonCodec, NamesThePathOfWhatIsWrong) {
  const std::pair<std::string_view, std::string_view> cases[] = {
      {"[]", "expected an object"},
      {R"({"tasks":{}})", "tasks: expected a list"},
      {R"({"tasks":[{},{"group":true}]})", "tasks: [1]: group: expected a string"},
      {R"({"tasks":[{"version":"1"}]})", "tasks: [0]: version: expected an integer"},
      {R"({"tasks":[{"version":1.5}]})", "tasks: [0]: version: expected an integer"},
      {R"({"tasks":[{"createdAt":"now"}]})", "tasks: [0]: createdAt: expected a time in seconds since 1970"},
      {R"({"tasks":[{"createdAt":1e300}]})", "tasks: [0]: createdAt: expected a time in seconds since 1970"},
      {R"({"tasks":[{"enableExecuteCommand":1}]})", "tasks: [0]: enableExecuteCommand: expected true or false"},
      {R"({"tasks":[{"containers":[{"exitCode":4294967296}]}]})",
       "tasks: [0]: containers: [0]: exitCode: expected a 32-bit integer"},
      {R"({"tasks":[null]})", "tasks: [0]: expected an object"},
  };
  for (const auto& [text, message] : cases) {
    DescribeTasksResponse shape;
    const auto read = decode(*json::parse(text), shape);
    ASSERT_FALSE(read) << text;
    EXPECT_EQ(read.error().message, message);
  }
  DescribeTaskDefinitionResponse shape;
  EXPECT_EQ(decode(*json::parse(R"({"taskDefinition":{"containerDefinitions":[{"dockerLabels":{"a":true}}]}})"), shape)
                .error()
                .message,
            "taskDefinition: containerDefinitions: [0]: dockerLabels: [\"a\"]: expected a string");
}

}  // namespace
}  // namespace fl::ecs
