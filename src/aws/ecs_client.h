// The real EcsApi: calls AWS, or what AWS_ENDPOINT_URL points at, in one region with one source of credentials.
// Main thread.
#pragma once

#include <memory>
#include <string>

#include "aws/caller.h"
#include "aws/credential_chain.h"
#include "aws/ecs_api.h"

namespace fl::aws {

struct EcsClientOptions {
  std::string region;         // empty: found as region.h says
  std::string access_key_id;  // used only when both are set
  std::string secret_access_key;
  net::StopSource* stop = nullptr;
};

class EcsClient final : public EcsApi {
 public:
  // Reads the settings and finds the region. `fetcher` and `environment` outlive the client.
  // Errors: a configuration file or CA bundle that cannot be read; no region.
  static net::Task<Result<std::unique_ptr<EcsClient>>> create(http::Fetcher& fetcher, const Environment& environment,
                                                              EcsClientOptions options);

  // An answer without the list (or definition) that was asked for is an error, so that it never reads as "no tasks".
  Call<ecs::ListClustersResponse> list_clusters(ecs::ListClustersRequest request) override;
  Call<ecs::DescribeClustersResponse> describe_clusters(ecs::DescribeClustersRequest request) override;
  Call<ecs::ListTasksResponse> list_tasks(ecs::ListTasksRequest request) override;
  Call<ecs::DescribeTasksResponse> describe_tasks(ecs::DescribeTasksRequest request) override;
  Call<ecs::DescribeContainerInstancesResponse> describe_container_instances(
      ecs::DescribeContainerInstancesRequest request) override;
  Call<ecs::DescribeTaskDefinitionResponse> describe_task_definition(
      ecs::DescribeTaskDefinitionRequest request) override;
  Call<ec2::DescribeInstancesResult> describe_instances(ec2::DescribeInstancesRequest request) override;
  Call<ssm::DescribeInstanceInformationResult> describe_instance_information(
      ssm::DescribeInstanceInformationRequest request) override;
  Call<Watched> wait_for_change(std::optional<int64_t> since) override;

  // Any other operation of a service whose shapes are generated; one request, one page of its answer.
  template <class Op>
  Call<typename Op::Response> call(typename Op::Request request) {
    return caller_.call<Op>(std::move(request), credentials_);
  }

  const std::string& region() const { return caller_.options().region; }

 private:
  EcsClient(http::Fetcher& fetcher, const Environment& environment, Profiles profiles, CallerOptions caller,
            EcsClientOptions options);

  Profiles profiles_;
  Caller caller_;
  CredentialChain credentials_;
};

}  // namespace fl::aws
