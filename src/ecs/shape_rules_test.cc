#include "ecs/shape_rules.h"

#include <gtest/gtest.h>

#include "ecs/generated/ecs_operations.h"

namespace fl::ecs {
namespace {

// "" or "kind path: message".
std::string violation(std::string_view text, const ShapeRules& rules) {
  const auto value = json::parse(text);
  if (!value) return value.error().message;
  const auto found = find_violation(*value, rules);
  if (!found) return "";
  const char* kinds[] = {"type", "missing", "enumeration"};
  return std::string(kinds[static_cast<int>(found->kind)]) + " " + found->path + ": " + found->message;
}

struct Row {
  const char *request, *expected;
};

TEST(ShapeRules, OfRegisterTaskDefinition) {
  const Row rows[] = {
      {R"({"family":"web","containerDefinitions":[]})", ""},
      {R"({"family":"web","containerDefinitions":[],"unknown":1})", ""},
      {R"({"family":"web","containerDefinitions":[],"cpu":null})", ""},
      {R"({"family":"web","containerDefinitions":[{"name":null,"dockerLabels":{"a":"b","c":null}}]})", ""},
      {R"([])", "type : expected an object, not a list"},
      {R"({"family":7,"containerDefinitions":[]})", "type family: expected a string, not an integer"},
      {R"({"family":"web","containerDefinitions":{}})", "type containerDefinitions: expected a list, not an object"},
      {R"({"family":"web","containerDefinitions":["x"]})",
       "type containerDefinitions[0]: expected an object, not a string"},
      {R"({"family":"web","containerDefinitions":[{},{"cpu":"1"}]})",
       "type containerDefinitions[1].cpu: expected a 32-bit integer, not a string"},
      {R"({"family":"web","containerDefinitions":[{"cpu":4294967296}]})",
       "type containerDefinitions[0].cpu: expected a 32-bit integer, not an integer"},
      {R"({"family":"web","containerDefinitions":[{"dockerLabels":{"a":1}}]})",
       "type containerDefinitions[0].dockerLabels.a: expected a string, not an integer"},
      {R"({"containerDefinitions":[{"essential":"true"}]})",
       "type containerDefinitions[0].essential: expected true or false, not a string"},
      {R"({"containerDefinitions":[]})", "missing family: Family cannot be empty."},
      {R"({"family":"web"})", "missing containerDefinitions: ContainerDefinitions cannot be empty."},
      {R"({"family":"web","containerDefinitions":[{"secrets":[{"name":"A"}]}]})",
       "missing containerDefinitions[0].secrets[0].valueFrom: Value null at 'containerDefinitions[0].secrets[0]."
       "valueFrom' failed to satisfy constraint: Member must not be null"},
      {R"({"family":"web","containerDefinitions":[],"networkMode":"Bridge"})",
       "enumeration networkMode: Value 'Bridge' at 'networkMode' failed to satisfy constraint: Member must satisfy "
       "enum value set: [bridge, host, awsvpc, none]"},
      {R"({"family":"web","containerDefinitions":[],"requiresCompatibilities":["EC2","MOON"]})",
       "enumeration requiresCompatibilities[1]: Value 'MOON' at 'requiresCompatibilities[1]' failed to satisfy "
       "constraint: Member must satisfy enum value set: [EC2, FARGATE, EXTERNAL, MANAGED_INSTANCES]"},
  };
  for (const Row& row : rows) EXPECT_EQ(violation(row.request, op::RegisterTaskDefinition::input()), row.expected);
}

TEST(ShapeRules, TypesComeBeforeEverythingElse) {
  EXPECT_EQ(violation(R"({"networkMode":"Bridge","family":1})", op::RegisterTaskDefinition::input()),
            "type family: expected a string, not an integer");
}

TEST(ShapeRules, FindByNameOnTheWire) {
  const ShapeRules& rules = op::RegisterTaskDefinition::input();
  ASSERT_NE(rules.find("networkMode"), nullptr);
  EXPECT_FALSE(rules.find("networkMode")->required);
  EXPECT_TRUE(rules.find("family")->required);
  EXPECT_EQ(rules.find("network_mode"), nullptr);
}

}  // namespace
}  // namespace fl::ecs
