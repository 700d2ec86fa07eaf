#include "providers/ecs/cluster_reader.h"

#include <gtest/gtest.h>

#include "providers/ecs/fake_ecs_api.h"

namespace fl::providers::ecs {
namespace {

class ClusterReaderTest : public testing::Test {
 protected:
  ClusterReaderTest() { loop.make_current(); }

  Result<ClusterReading> read(const std::string& cluster) {
    std::optional<Result<ClusterReading>> out;
    ClusterReader reader(aws, definitions);
    net::spawn([](ClusterReader& r, std::string name, auto& result) -> net::Task<void> {
      result = co_await r.read(std::move(name));
    }(reader, cluster, out));
    while (!out) loop.turn(false);
    return *std::move(out);
  }

  net::Loop loop;
  FakeEcsApi aws;
  Definitions definitions{aws};
};

TEST_F(ClusterReaderTest, EverythingByHundredsAndOnce) {
  const auto definition = aws.define("web", 1, "bridge", {}, 0), other = aws.define("api", 7, "bridge", {}, 0);
  for (int i = 0; i < 250; ++i) aws.add_machine("ci-" + std::to_string(i), "i-" + std::to_string(i), "10.0.0.1");
  for (int i = 0; i < 25; ++i) aws.add_machine("ca-" + std::to_string(i), "mi-" + std::to_string(i), "10.9.0.1");
  for (int i = 0; i < 1001; ++i)
    aws.clusters["c"].push_back(FakeEcsApi::bridged(i % 2 == 0 ? definition : other, i,
                                                    i < 1000 ? "ci-" + std::to_string(i % 250) : "ca-0", 32768 + i));
  for (int i = 0; i < 25; ++i)
    aws.clusters["c"].push_back(FakeEcsApi::bridged(definition, 2000 + i, "ca-" + std::to_string(i), 32768));
  const auto reading = read("c");
  ASSERT_TRUE(reading) << reading.error().message;
  EXPECT_EQ(discover(reading->facts, false).instances.size(), 1026u);
  const std::map<std::string, int> expected = {{"ListTasks", 11},
                                               {"DescribeTasks", 11},
                                               {"DescribeTaskDefinition", 2},
                                               {"DescribeContainerInstances", 3},
                                               {"DescribeInstances", 3},
                                               {"DescribeInstanceInformation", 3}};
  EXPECT_EQ(aws.calls, expected);
  aws.calls.clear();
  ASSERT_TRUE(read("c"));
  EXPECT_EQ(aws.calls["DescribeTaskDefinition"], 0);
}

TEST_F(ClusterReaderTest, MachinesAreAskedForOnlyWhenNeeded) {
  aws.clusters["c"] = {FakeEcsApi::fargate(aws.define("web", 1, "awsvpc", {}), 1, "10.0.0.1")};
  aws.clusters["c"][0].container_instance_arn = "ci-1";
  ASSERT_TRUE(read("c"));
  EXPECT_FALSE(aws.calls.contains("DescribeContainerInstances"));
  EXPECT_FALSE(aws.calls.contains("DescribeInstances"));
}

TEST_F(ClusterReaderTest, EmptyClusterIsOneCall) {
  aws.clusters["c"];
  const auto reading = read("c");
  ASSERT_TRUE(reading);
  EXPECT_TRUE(reading->facts.tasks.empty());
  EXPECT_EQ(aws.calls, (std::map<std::string, int>{{"ListTasks", 1}}));
}

TEST_F(ClusterReaderTest, AnyFailedCallFailsTheReading) {
  aws.add_machine("ci-1", "i-1", "10.0.0.1");
  aws.add_machine("ci-2", "mi-1", "10.0.0.2");
  const auto definition = aws.define("web", 1, "bridge", {}, 0);
  aws.clusters["c"] = {FakeEcsApi::bridged(definition, 1, "ci-1", 1), FakeEcsApi::bridged(definition, 2, "ci-2", 1)};
  for (const std::string broken : {"ListTasks", "DescribeTasks", "DescribeContainerInstances", "DescribeInstances",
                                   "DescribeInstanceInformation"}) {
    aws.fails = [&](std::string_view operation, std::string_view) -> std::optional<Error> {
      if (operation != broken) return std::nullopt;
      return Error{Code::throttled, "ThrottlingException"};
    };
    const auto reading = read("c");
    ASSERT_FALSE(reading) << broken;
    EXPECT_EQ(reading.error().code, Code::throttled);
  }
  aws.fails = nullptr;
  aws.tasks_lost = true;
  EXPECT_EQ(read("c").error().message, "DescribeTasks described 1 of 2 tasks");
  aws.tasks_lost = false;
  aws.body_empty = true;
  EXPECT_EQ(read("c").error().message, "ListTasks answered without taskArns");
  EXPECT_EQ(read("nope").error().code, Code::not_found);
}

TEST_F(ClusterReaderTest, DefinitionStandsForItself) {
  const auto good = aws.define("good", 1, "awsvpc", {}), bad = aws.define("bad", 1, "awsvpc", {});
  aws.clusters["c"] = {FakeEcsApi::fargate(good, 1, "10.0.0.1"), FakeEcsApi::fargate(bad, 2, "10.0.0.2")};
  aws.fails = [&](std::string_view, std::string_view what) -> std::optional<Error> {
    if (what != bad) return std::nullopt;
    return Error{Code::denied, "AccessDenied"};
  };
  auto reading = read("c");
  ASSERT_TRUE(reading);
  ASSERT_EQ(reading->definition_errors.size(), 1u);
  EXPECT_EQ(reading->definition_errors[0].message, bad + ": AccessDenied");
  const auto found = discover(reading->facts, false);
  ASSERT_EQ(found.instances.size(), 1u);
  EXPECT_EQ(found.without_definition, std::vector<std::string>{"000000000002"});
  aws.fails = nullptr;
  EXPECT_EQ(discover(read("c")->facts, false).instances.size(), 2u);
}

TEST_F(ClusterReaderTest, TerminatedInstanceDoesNotHideTheOthers) {
  const auto definition = aws.define("web", 1, "bridge", {}, 0);
  aws.add_machine("ci-1", "i-1", "10.0.0.1");
  aws.add_machine("ci-2", "i-2", "10.0.0.2");
  aws.ec2.erase("i-2");
  aws.clusters["c"] = {FakeEcsApi::bridged(definition, 1, "ci-1", 1), FakeEcsApi::bridged(definition, 2, "ci-2", 1)};
  const auto reading = read("c");
  ASSERT_TRUE(reading) << reading.error().message;
  const auto found = discover(reading->facts, false);
  EXPECT_EQ(found.instances.size(), 1u);
  EXPECT_EQ(found.issues.size(), 1u);
}

TEST_F(ClusterReaderTest, DefinitionsAreSharedAndBounded) {
  Definitions few(aws, 2);
  std::vector<std::string> arns;
  for (int i = 0; i < 3; ++i) arns.push_back(aws.define("d", i, "awsvpc", {}));
  int done = 0;
  const auto get = [&](const std::string& arn) {
    net::spawn([](Definitions& d, std::string a, int& n) -> net::Task<void> {
      const auto found = co_await d.get(std::move(a));
      EXPECT_TRUE(found);
      ++n;
    }(few, arn, done));
  };
  for (int i = 0; i < 5; ++i) get(arns[0]);  // at the same time
  while (done < 5) loop.turn(false);
  EXPECT_EQ(aws.calls["DescribeTaskDefinition"], 1);
  get(arns[1]);
  while (done < 6) loop.turn(false);
  get(arns[0]);
  get(arns[2]);
  while (done < 8) loop.turn(false);
  EXPECT_EQ(few.size(), 2u);
  get(arns[0]);  // used since: still there
  EXPECT_EQ(done, 9);
  EXPECT_EQ(aws.calls["DescribeTaskDefinition"], 3);
}

}  // namespace
}  // namespace fl::providers::ecs
