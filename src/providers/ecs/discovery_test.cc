#include "providers/ecs/discovery.h"

#include <fmt/format.h>
#include <gtest/gtest.h>

#include "providers/ecs/fake_ecs_api.h"

namespace fl::providers::ecs {
namespace {

// "name id ip container:host+count ..." of each instance, and "! text" of each issue.
std::string shown(const Discovered& found) {
  std::string out;
  for (const auto& i : found.instances) {
    out += (out.empty() ? "" : "; ") + i.name + " " + i.id + " " + i.ip;
    for (const auto& p : i.ports)
      out += fmt::format(" {}:{}", p.container_port, p.host_port) + (p.count > 1 ? fmt::format("+{}", p.count) : "");
  }
  for (const auto& issue : found.issues) out += "! " + issue.to_text();
  for (const auto& id : found.without_definition) out += "? " + id;
  return out;
}

class DiscoveryTest : public testing::Test {
 protected:
  static ClusterFacts facts(fl::ecs::Task task, const fl::ecs::TaskDefinition& definition) {
    ClusterFacts out;
    out.definitions[*definition.task_definition_arn] = std::make_shared<const Definition>(make_definition(definition));
    out.machine_ids = {{"ci-ec2", "i-1"}, {"ci-stopped", "i-2"}, {"ci-anywhere", "mi-1"}};
    out.machines = {{"i-1", {"10.1.0.1", true}}, {"i-2", {"10.1.0.2", false}}, {"mi-1", {"192.168.0.1", true}}};
    out.tasks.push_back(std::move(task));
    return out;
  }

  FakeEcsApi aws;
  const std::string awsvpc = aws.define("f", 3, "awsvpc", {});
  const std::string bridge = aws.define("b", 1, "bridge", {}, 0);
  const std::string fixed = aws.define("x", 1, "bridge", {}, 8080);
  const std::string host = aws.define("h", 1, "host", {});

  std::string result(const fl::ecs::Task& task, bool healthy_tasks_only = false) {
    return shown(discover(facts(task, aws.definitions.at(*task.task_definition_arn)), healthy_tasks_only));
  }
};

TEST_F(DiscoveryTest, AddressAndPorts) {
  auto task = FakeEcsApi::fargate(awsvpc, 1, "10.0.0.1");
  EXPECT_EQ(result(task), "service-web-app 000000000001 10.0.0.1 80:80");

  // A volume is attached as well; the machine does not matter.
  task.attachments->insert(task.attachments->begin(), {.type = "AmazonElasticBlockStorage"});
  task.container_instance_arn = "ci-ec2";
  EXPECT_EQ(result(task), "service-web-app 000000000001 10.0.0.1 80:80");

  task.containers->at(0).network_interfaces = {{{.ipv6_address = "fd00::1"}}};
  EXPECT_EQ(result(task), "service-web-app 000000000001 fd00::1 80:80");

  task.containers->at(0).network_interfaces.reset();
  EXPECT_EQ(result(task), "! service-web-app-000000000001: has no IP address");
  task.attachments->at(1).details = {{{.name = "privateIPv4Address", .value = "10.0.0.9"}}};
  EXPECT_EQ(result(task), "service-web-app 000000000001 10.0.0.9 80:80");

  // A volume alone is no reason to look for an interface in bridge mode.
  task = FakeEcsApi::bridged(bridge, 2, "ci-ec2", 32768);
  task.attachments = {{{.type = "AmazonElasticBlockStorage"}}};
  EXPECT_EQ(result(task), "service-web-app 000000000002 10.1.0.1 80:32768");
  task.container_instance_arn = "ci-anywhere";
  EXPECT_EQ(result(task), "service-web-app 000000000002 192.168.0.1 80:32768");
  task.container_instance_arn = "ci-stopped";
  EXPECT_EQ(result(task), "");
  task.container_instance_arn = "ci-unknown";
  EXPECT_EQ(result(task),
            "! service-web-app-000000000002: Unable to find container instance information for ci-unknown");

  task = FakeEcsApi::task(bridge, 3);
  task.container_instance_arn = "ci-ec2";
  EXPECT_EQ(result(task), "service-web-app 000000000003 10.1.0.1");
  task.task_definition_arn = fixed;
  EXPECT_EQ(result(task), "service-web-app 000000000003 10.1.0.1 80:8080");
  task.task_definition_arn = host;
  EXPECT_EQ(result(task), "service-web-app 000000000003 10.1.0.1 80:80");

  task.containers->at(0).network_bindings = {{{.container_port_range = "7000-7009", .host_port_range = "40000-40009"},
                                              {.container_port_range = "1-5", .host_port_range = "1-4"},
                                              {.container_port = 53, .host_port = 5353, .protocol = "udp"},
                                              {.container_port = 9, .host_port = 9, .protocol = "sctp"},
                                              {.container_port = 70000, .host_port = 70000},
                                              {.host_port = 81}}};
  EXPECT_EQ(result(task), "service-web-app 000000000003 10.1.0.1 7000:40000+10 53:5353 81:81");
}

TEST_F(DiscoveryTest, StatesAndHealth) {
  struct Case {
    const char* desired;
    const char* last;
    const char* container;
    const char* health;
    const char* container_health;
    bool healthy_only;
    bool is_taken;
  };
  const Case cases[] = {
      {"RUNNING", "RUNNING", "RUNNING", "UNKNOWN", "UNKNOWN", false, true},
      {"RUNNING", "RUNNING", "RUNNING", "HEALTHY", "HEALTHY", false, true},
      {"RUNNING", "RUNNING", "RUNNING", "UNHEALTHY", "UNKNOWN", false, false},
      {"RUNNING", "RUNNING", "RUNNING", "HEALTHY", "UNHEALTHY", false, false},
      {"RUNNING", "RUNNING", "RUNNING", "UNKNOWN", "UNKNOWN", true, false},
      {"RUNNING", "RUNNING", "RUNNING", "HEALTHY", "UNKNOWN", true, true},
      {"STOPPED", "RUNNING", "RUNNING", "HEALTHY", "HEALTHY", false, false},
      {"RUNNING", "STOPPING", "RUNNING", "HEALTHY", "HEALTHY", false, false},
      {"RUNNING", "PENDING", "RUNNING", "UNKNOWN", "UNKNOWN", false, false},
      {"RUNNING", "ACTIVATING", "RUNNING", "UNKNOWN", "UNKNOWN", false, false},
      {"RUNNING", "RUNNING", "PENDING", "UNKNOWN", "UNKNOWN", false, false},
      {"RUNNING", "RUNNING", "STOPPED", "UNKNOWN", "UNKNOWN", false, false},
      {"RUNNING", "RUNNING", nullptr, nullptr, nullptr, false, true},
  };
  const auto text = [](const char* s) { return s == nullptr ? std::nullopt : std::optional<std::string>(s); };
  for (auto task : {FakeEcsApi::fargate(awsvpc, 1, "10.0.0.1"), FakeEcsApi::bridged(bridge, 1, "ci-ec2", 32768)}) {
    for (const Case& c : cases) {
      task.desired_status = text(c.desired);
      task.last_status = text(c.last);
      task.health_status = text(c.health);
      task.containers->at(0).last_status = text(c.container);
      task.containers->at(0).health_status = text(c.container_health);
      EXPECT_EQ(!result(task, c.healthy_only).empty(), c.is_taken) << (&c - cases) << " " << *task.task_definition_arn;
    }
  }
}

TEST_F(DiscoveryTest, NamesAndOrigin) {
  auto task = FakeEcsApi::fargate(awsvpc, 1, "10.0.0.1");
  const std::pair<std::optional<std::string>, const char*> cases[] = {{"service:web", "service-web-app"},
                                                                      {"family:f", "family-f-app"},
                                                                      {"service:a:b", "service-a:b-app"},
                                                                      {std::nullopt, "-app"}};
  for (const auto& [group, name] : cases) {
    task.group = group;
    const auto found = discover(facts(task, aws.definitions.at(awsvpc)), false);
    ASSERT_EQ(found.instances.size(), 1u);
    EXPECT_EQ(found.instances[0].name, name);
    EXPECT_EQ(found.instances[0].origin, "f");
    EXPECT_EQ(found.instances[0].revision, 3);
  }
}

TEST_F(DiscoveryTest, BrokenDataIsNoReasonToFail) {
  EXPECT_EQ(shown(discover(ClusterFacts{.tasks = {{}, {.task_arn = "x"}}}, false)), "? ? x");
  auto task = FakeEcsApi::fargate(awsvpc, 1, "10.0.0.1");
  task.containers->at(0).name = "other";
  EXPECT_EQ(result(task), "");
  task.containers.reset();
  EXPECT_EQ(result(task), "");
  EXPECT_TRUE(make_definition({}).containers.empty());
}

}  // namespace
}  // namespace fl::providers::ecs
