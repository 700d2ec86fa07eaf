// What `fairlead ecs status` shows: gathered by the ECS API, written as text. Main thread.
#pragma once

#include <string>
#include <vector>

#include "aws/ecs_client.h"
#include "base/result.h"
#include "base/time.h"
#include "ecs/generated/ecs_shapes.h"
#include "net/task.h"

namespace fl::app {

struct ClusterStatus {
  ecs::Cluster cluster;
  std::vector<ecs::ContainerInstance> instances;
  std::vector<ecs::Service> services;
  std::vector<ecs::Task> tasks;  // those that run or are on their way to
};

// `cluster` by name or ARN; empty: all there are. Errors: those of the calls, and not_found for an unknown cluster.
net::Task<Result<std::vector<ClusterStatus>>> gather_status(aws::EcsClient& api, std::string cluster);

// Pure. Ages are told from `now`.
std::string status_text(const std::vector<ClusterStatus>& clusters, WallTime now, bool colour);

}  // namespace fl::app
