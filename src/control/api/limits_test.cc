// What is too long or too many, action by action, and what is just not.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "control/api/api_for_test.h"

namespace fl::control::api {
namespace {

// A JSON list of so many times the item; "#" in it is the number of the item.
std::string list(size_t count, std::string_view item) {
  std::string out = "[";
  for (size_t i = 0; i < count; ++i) {
    if (i != 0) out += ',';
    for (const char c : item) c == '#' ? out += std::to_string(i) : out += c;
  }
  return out + "]";
}

struct Limit {
  std::string action, before;  // of the request: up to the list
  size_t most;
  std::string item, after, message;
};

std::vector<Limit> limits() {
  const std::string web = R"({"cluster":"web",)";
  const auto service = [&web](const std::string& name) {
    return web + R"("serviceName":")" + name + R"(","taskDefinition":"app","desiredCount":0,)";
  };
  return {
      {"DescribeClusters", R"({"clusters":)", 100, R"("c")", "}", "Clusters cannot have more than 100 elements."},
      {"DescribeCapacityProviders", R"({"capacityProviders":)", 100, R"("c")", "}",
       "CapacityProviders cannot have more than 100 elements."},
      {"DescribeServices", web + R"("services":)", 10, R"("s")", "}", "services can have at most 10 items."},
      {"DescribeTasks", web + R"("tasks":)", 100, R"("t")", "}", "tasks can have at most 100 items."},
      {"GetTaskProtection", web + R"("tasks":)", 100, R"("t")", "}", "tasks can have at most 100 items."},
      {"DescribeContainerInstances", web + R"("containerInstances":)", 100, R"("i")", "}",
       "containerInstances can have at most 100 items."},
      {"UpdateContainerInstancesState", web + R"("status":"ACTIVE","containerInstances":)", 10, R"("i")", "}",
       "containerInstances can have at most 10 items."},
      {"StartTask", web + R"("taskDefinition":"app","containerInstances":)", 10, R"("i")", "}",
       "containerInstances can have at most 10 items."},
      {"PutAttributes", web + R"("attributes":)", 10, R"({"name":"n#","targetId":"$instance"})", "}",
       "Attributes cannot have more than 10 elements."},
      {"DeleteAttributes", web + R"("attributes":)", 10, R"({"name":"n#","targetId":"$instance"})", "}",
       "Attributes cannot have more than 10 elements."},
      {"DeleteTaskDefinitions", R"({"taskDefinitions":)", 10, R"("none:1")", "}",
       "TaskDefinitions cannot have more than 10 elements."},
      {"TagResource", R"({"resourceArn":"arn:aws:ecs:us-east-1:000000000000:cluster/web","tags":)", 50,
       R"({"key":"k#"})", "}", "A resource has at most 50 tags."},
      {"CreateService", service("one") + R"("placementConstraints":)", 10, R"({"type":"distinctInstance"})", "}",
       "There can be at most 10 placement constraints."},
      {"CreateService", service("two") + R"("placementStrategy":)", 5, R"({"type":"random"})", "}",
       "There can be at most 5 placement strategies."},
      {"CreateService", service("three") + R"("loadBalancers":)", 5,
       R"({"targetGroupArn":"t","containerName":"app","containerPort":80})", "}",
       "load balancers can have at most 5 items."},
      {"CreateCluster", R"({"clusterName":"other","capacityProviders":)", 20, R"("FARGATE")", "}",
       "A cluster has at most 20 capacity providers."},
      {"PutClusterCapacityProviders", web + R"("capacityProviders":["FARGATE"],"defaultCapacityProviderStrategy":)", 20,
       R"({"capacityProvider":"FARGATE","weight":1})", "}", "A capacity provider strategy has at most 20 items."},
  };
}

// A text of so many letters, in place of the "@" of the request.
struct Length {
  std::string action, request;
  size_t most;
  std::string message;
};

std::vector<Length> lengths() {
  return {
      {"StopTask", R"({"cluster":"web","task":"$task","reason":"@"})", 1024,
       "reason can be at most 1024 characters long."},
      {"RunTask", R"({"cluster":"web","taskDefinition":"app","startedBy":"@"})", 128,
       "startedBy can be at most 128 characters long."},
      {"RunTask", R"({"cluster":"web","taskDefinition":"app","clientToken":"@"})", 64,
       "clientToken can be at most 64 characters long."},
      {"CreateCluster", R"({"clusterName":"@"})", 255,
       "Invalid cluster name: up to 255 letters (uppercase and lowercase), numbers, underscores and hyphens are "
       "allowed."},
      {"PutAttributes", R"({"cluster":"web","attributes":[{"name":"@","targetId":"$instance"}]})", 128,
       "Invalid attribute name"},
      {"PutAttributes", R"({"cluster":"web","attributes":[{"name":"a","value":"@","targetId":"$instance"}]})", 128,
       "Invalid attribute value"},
      {"TagResource", R"({"resourceArn":"arn:aws:ecs:us-east-1:000000000000:cluster/web","tags":[{"key":"@"}]})", 128,
       "A tag key must have between 1 and 128 characters."},
      {"TagResource",
       R"({"resourceArn":"arn:aws:ecs:us-east-1:000000000000:cluster/web","tags":[{"key":"a","value":"@"}]})", 256,
       "A tag value must have at most 256 characters."},
  };
}

class Limits : public ::testing::Test {
 protected:
  void SetUp() override {
    call("CreateCluster", R"({"clusterName":"web"})");
    call("RegisterTaskDefinition", R"({"family":"app","containerDefinitions":[{"name":"app","image":"i","memory":8,)"
                                   R"("portMappings":[{"containerPort":80}]}]})");
    const auto instance =
        call("RegisterContainerInstance", R"({"cluster":"web","totalResources":[)"
                                          R"({"name":"MEMORY","type":"INTEGER","integerValue":1024}]})");
    names_["$instance"] = instance.body.find("containerInstance")->string_at("containerInstanceArn");
    const auto run = call("RunTask", R"({"cluster":"web","taskDefinition":"app"})");
    names_["$task"] = (*run.body.find("tasks")->if_array())[0].string_at("taskArn");
  }

  Reply call(const std::string& action, std::string request) {
    for (const auto& [name, value] : names_)
      for (size_t at; (at = request.find(name)) != request.npos;) request.replace(at, name.size(), value);
    return api_.call(action, std::move(request));
  }
  // `message`: how it begins.
  static void expect_refused(const Reply& reply, const std::string& message) {
    EXPECT_EQ(reply.error, "InvalidParameterException");
    EXPECT_THAT(std::string(reply.body.string_at("message")), ::testing::StartsWith(message));
  }

  ApiForTest api_;
  std::map<std::string, std::string> names_;
};

TEST_F(Limits, a_list_as_long_as_allowed_is_taken_and_one_longer_is_refused) {
  for (const Limit& limit : limits()) {
    SCOPED_TRACE(limit.action + " " + limit.before);
    expect_refused(call(limit.action, limit.before + list(limit.most + 1, limit.item) + limit.after), limit.message);
    const Reply reply = call(limit.action, limit.before + list(limit.most, limit.item) + limit.after);
    EXPECT_NE(reply.body.string_at("message"), limit.message);
  }
}

TEST_F(Limits, a_text_as_long_as_allowed_is_taken_and_one_longer_is_refused) {
  for (const Length& length : lengths()) {
    SCOPED_TRACE(length.action + " " + length.request);
    const auto request = [&](size_t letters) {
      std::string text = length.request;
      return text.replace(text.find('@'), 1, std::string(letters, 'x'));
    };
    expect_refused(call(length.action, request(length.most + 1)), length.message);
    EXPECT_EQ(call(length.action, request(length.most)).error, "");
  }
}

TEST_F(Limits, a_container_instance_has_500_attributes_of_others_and_no_more) {
  for (int round = 0; round < 50; ++round)
    EXPECT_EQ(
        call("PutAttributes", R"({"cluster":"web","attributes":)" +
                                  list(10, fmt::format(R"({{"name":"n{}.#","targetId":"$instance"}})", round)) + "}")
            .error,
        "");
  const std::string one = R"({"cluster":"web","attributes":[{"name":"NAME","targetId":"$instance"}]})";
  const auto put = [&](std::string_view name) {
    return call("PutAttributes", std::string(one).replace(one.find("NAME"), 4, name));
  };
  EXPECT_EQ(put("more").error, "AttributeLimitExceededException");
  EXPECT_EQ(put("n0.0").error, "");  // is there already
}

TEST_F(Limits, a_task_definition_has_64_kibibytes_and_no_more) {
  const auto with_value = [&](size_t letters) {
    return call("RegisterTaskDefinition",
                R"({"family":"long","containerDefinitions":[{"name":"a","image":"i","memory":8,"environment":[)"
                R"({"name":"n","value":")" +
                    std::string(letters, 'x') + R"("}]}]})");
  };
  EXPECT_EQ(with_value(65'000).error, "");
  const Reply refused = with_value(66'000);
  EXPECT_EQ(refused.error, "ClientException");
  EXPECT_THAT(std::string(refused.body.string_at("message")),
              ::testing::EndsWith("Max allowed length is '65536' bytes."));
}

}  // namespace
}  // namespace fl::control::api
