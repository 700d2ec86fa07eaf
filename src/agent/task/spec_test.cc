#include "agent/task/spec.h"

#include <gmock/gmock.h>

namespace fl::agent::task {
namespace {

using engine::NetworkMode;
using ::testing::Contains;
using ::testing::Key;
using ::testing::Not;
using ::testing::Pair;

std::vector<std::pair<std::string, std::string>> environment(NetworkMode mode, const Surroundings& around) {
  TaskSpec task;
  task.network_mode = mode;
  task.credentials_id = "c1";
  task.containers.resize(1);
  const auto spec = make_container_spec(task, 0, around, {"m1", "suffix"});
  EXPECT_TRUE(spec);
  return spec->environment;
}

constexpr const char* kRelative = "AWS_CONTAINER_CREDENTIALS_RELATIVE_URI";
constexpr const char* kFull = "AWS_CONTAINER_CREDENTIALS_FULL_URI";

TEST(ContainerSpec, TellsWhereMetadataAndCredentialsAre) {
  Surroundings around{.cluster = {},
                      .metadata_url = "http://127.0.0.1:5",
                      .bridge_metadata_url = {},
                      .execution_env = {},
                      .region = {},
                      .availability_zone = {}};
  const auto shared = environment(NetworkMode::bridge, around);  // there is no bridge
  EXPECT_THAT(shared, Contains(Pair("ECS_CONTAINER_METADATA_URI_V4", "http://127.0.0.1:5/v4/m1")));
  EXPECT_THAT(shared, Contains(Pair(kFull, "http://127.0.0.1:5/v2/credentials/c1")));

  around.bridge_metadata_url = "http://172.17.0.1:5";
  EXPECT_THAT(environment(NetworkMode::bridge, around), Contains(Pair(kFull, "http://172.17.0.1:5/v2/credentials/c1")));
  EXPECT_THAT(environment(NetworkMode::host, around), Contains(Pair(kFull, "http://127.0.0.1:5/v2/credentials/c1")));
}

TEST(ContainerSpec, GivesRelativeUrisAtAwsOwnAddress) {
  const Surroundings around{.cluster = {},
                            .metadata_url = "http://127.0.0.1:5",
                            .bridge_metadata_url = "http://169.254.170.2",
                            .has_aws_address = true,
                            .execution_env = {},
                            .region = {},
                            .availability_zone = {}};
  const auto bridged = environment(NetworkMode::bridge, around);
  EXPECT_THAT(bridged, Contains(Pair(kRelative, "/v2/credentials/c1")));
  EXPECT_THAT(bridged, Not(Contains(Key(kFull))));
  EXPECT_THAT(bridged, Contains(Pair("ECS_AGENT_URI", "http://169.254.170.2/api/m1")));
  EXPECT_THAT(environment(NetworkMode::host, around), Contains(Pair(kFull, "http://127.0.0.1:5/v2/credentials/c1")));
}

}  // namespace
}  // namespace fl::agent::task
