#include <gmock/gmock.h>

#include "agent/engine/docker/docker_engine.h"

namespace fl::agent::engine {
namespace {

ContainerSpec web(NetworkMode mode) {
  ContainerSpec spec;
  spec.image = "web";
  spec.network_mode = mode;
  spec.ports = {{.container_port = 80, .host_port = 0, .udp = false},
                {.container_port = 53, .host_port = 53, .udp = true}};
  return spec;
}

TEST(CreateSettings, BindsPortsOnABridge) {
  const json::Value settings = create_settings(web(NetworkMode::bridge), "me", "");
  EXPECT_EQ(settings.find("HostConfig")->string_at("NetworkMode"), "bridge");
  EXPECT_EQ(json::to_text(*settings.find("HostConfig")->find("PortBindings")),
            R"({"80/tcp":[{"HostPort":""}],"53/udp":[{"HostPort":"53"}]})");
  EXPECT_EQ(json::to_text(*settings.find("Labels")), R"({"fairlead.agent":"me"})");
}

TEST(CreateSettings, JoinsTheNetworkOfItsTask) {
  const json::Value settings = create_settings(web(NetworkMode::awsvpc), "me", "holder");
  EXPECT_EQ(settings.find("HostConfig")->string_at("NetworkMode"), "container:holder");
  // docker refuses both of one that joins.
  EXPECT_EQ(settings.find("HostConfig")->find("PortBindings"), nullptr);
  EXPECT_EQ(settings.find("ExposedPorts"), nullptr);
  EXPECT_EQ(json::to_text(*settings.find("Labels")), R"({"fairlead.agent":"me","fairlead.ports":"80/tcp 53/udp"})");
}

}  // namespace
}  // namespace fl::agent::engine
