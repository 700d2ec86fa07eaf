// The AWS calls that discovery of ECS tasks makes, as an interface: the provider is written and tested against it, and
// aws::EcsClient makes the real calls. Each method is one request and one page of its answer; paging is the caller's.
// Main thread.
//
// Errors: denied (credentials or permissions), not_found (cluster, task definition, ...), throttled, timeout,
// unavailable (network, 5xx), invalid (the request, or an answer that cannot be read). The message names the
// operation and AWS's error type. Retries have happened already.
#pragma once

#include <cstdint>
#include <optional>

#include "aws/generated/ec2_shapes.h"
#include "aws/generated/ssm_shapes.h"
#include "base/result.h"
#include "ecs/generated/ecs_shapes.h"
#include "net/task.h"

namespace fl::aws {

// How far a watch has come, and whether anything happened that discovery asks about.
struct Watched {
  int64_t revision = 0;
  bool is_changed = false;
};

class EcsApi {
 public:
  template <class T>
  using Call = net::Task<Result<T>>;

  virtual ~EcsApi() = default;

  virtual Call<ecs::ListClustersResponse> list_clusters(ecs::ListClustersRequest request) = 0;
  virtual Call<ecs::DescribeClustersResponse> describe_clusters(ecs::DescribeClustersRequest request) = 0;
  virtual Call<ecs::ListTasksResponse> list_tasks(ecs::ListTasksRequest request) = 0;
  virtual Call<ecs::DescribeTasksResponse> describe_tasks(ecs::DescribeTasksRequest request) = 0;
  virtual Call<ecs::DescribeContainerInstancesResponse> describe_container_instances(
      ecs::DescribeContainerInstancesRequest request) = 0;
  virtual Call<ecs::DescribeTaskDefinitionResponse> describe_task_definition(
      ecs::DescribeTaskDefinitionRequest request) = 0;
  // EC2 refuses "mi-" ids, and max_results together with instance_ids.
  virtual Call<ec2::DescribeInstancesResult> describe_instances(ec2::DescribeInstancesRequest request) = 0;
  // Pages by 10 at most unless asked for more (50).
  virtual Call<ssm::DescribeInstanceInformationResult> describe_instance_information(
      ssm::DescribeInstanceInformationRequest request) = 0;

  // Waits until something has changed since that revision, for a while at most; without one, gives the revision to go
  // on from. Only fairlead's control plane can be waited for; errors as above, not_found where it is not one.
  virtual Call<Watched> wait_for_change(std::optional<int64_t> since) {
    (void)since;
    co_return fail(Code::not_found, "this service has no watch");
  }
};

}  // namespace fl::aws
