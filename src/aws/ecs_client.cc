#include "aws/ecs_client.h"

#include <fmt/format.h>

#include "aws/generated/ec2_operations.h"
#include "aws/generated/ssm_operations.h"
#include "aws/region.h"
#include "base/json.h"
#include "base/strings.h"
#include "ecs/generated/ecs_operations.h"

namespace fl::aws {
namespace {

// Makes the call and requires the member that is its point.
template <class Op, class Member>
EcsApi::Call<typename Op::Response> call_for(Caller& caller, CredentialSource& credentials,
                                             typename Op::Request request, Member Op::Response::* point) {
  FL_CO_TRY(typename Op::Response response, co_await caller.call<Op>(std::move(request), credentials));
  if (!(response.*point))
    co_return fail(Code::unavailable,
                   fmt::format("{} {}: the answer lacks what was asked for", Op::kService.endpoint_prefix, Op::kName));
  co_return response;
}

// Reads the events of one answer (`once=true`): how far they go, and whether one is about what discovery reads.
Watched read_events(std::string_view text, int64_t since) {
  Watched out{.revision = since};
  for (const std::string_view line : split(text, '\n')) {
    if (line.starts_with("id: ")) out.revision = parse_int(line.substr(4)).value_or(out.revision);
    if (line == "event: ready") out.is_changed = true;
    if (!line.starts_with("data: ")) continue;
    const auto data = json::parse(line.substr(6));
    const json::Value* changes = data ? data->find("changes") : nullptr;
    if (changes == nullptr || changes->if_array() == nullptr) continue;
    for (const json::Value& change : *changes->if_array()) {
      const auto kind = change.string_at("kind");
      out.is_changed |= kind == "task" || kind == "containerInstance" || kind == "cluster";
    }
  }
  return out;
}

}  // namespace

net::Task<Result<std::unique_ptr<EcsClient>>> EcsClient::create(http::Fetcher& fetcher, const Environment& environment,
                                                                EcsClientOptions options) {
  FL_CO_TRY(Profiles profiles, Profiles::load(environment));
  CallerOptions caller;
  caller.stop = options.stop;
  caller.region = options.region;
  if (caller.region.empty()) {
    FL_CO_TRY(caller.region, co_await find_region(fetcher, environment, profiles, options.stop));
  }
  std::string ca_file = environment.variable("AWS_CA_BUNDLE");
  if (ca_file.empty()) ca_file = profiles.active_setting("ca_bundle");
  if (!ca_file.empty()) {
    FL_CO_TRY(caller.tls, tls::ClientContext::create({.ca_file = ca_file}));
  }
  co_return std::unique_ptr<EcsClient>(
      new EcsClient(fetcher, environment, std::move(profiles), std::move(caller), std::move(options)));
}

EcsClient::EcsClient(http::Fetcher& fetcher, const Environment& environment, Profiles profiles, CallerOptions caller,
                     EcsClientOptions options)
    : profiles_(std::move(profiles)),
      caller_(fetcher, environment, profiles_, std::move(caller)),
      credentials_(fetcher, environment, profiles_, caller_,
                   {std::move(options.access_key_id), std::move(options.secret_access_key)}) {}

EcsApi::Call<ecs::ListClustersResponse> EcsClient::list_clusters(ecs::ListClustersRequest request) {
  return call_for<ecs::op::ListClusters>(caller_, credentials_, std::move(request),
                                         &ecs::ListClustersResponse::cluster_arns);
}

EcsApi::Call<ecs::DescribeClustersResponse> EcsClient::describe_clusters(ecs::DescribeClustersRequest request) {
  return call_for<ecs::op::DescribeClusters>(caller_, credentials_, std::move(request),
                                             &ecs::DescribeClustersResponse::clusters);
}

EcsApi::Call<ecs::ListTasksResponse> EcsClient::list_tasks(ecs::ListTasksRequest request) {
  return call_for<ecs::op::ListTasks>(caller_, credentials_, std::move(request), &ecs::ListTasksResponse::task_arns);
}

EcsApi::Call<ecs::DescribeTasksResponse> EcsClient::describe_tasks(ecs::DescribeTasksRequest request) {
  return call_for<ecs::op::DescribeTasks>(caller_, credentials_, std::move(request),
                                          &ecs::DescribeTasksResponse::tasks);
}

EcsApi::Call<ecs::DescribeContainerInstancesResponse> EcsClient::describe_container_instances(
    ecs::DescribeContainerInstancesRequest request) {
  return call_for<ecs::op::DescribeContainerInstances>(caller_, credentials_, std::move(request),
                                                       &ecs::DescribeContainerInstancesResponse::container_instances);
}

EcsApi::Call<ecs::DescribeTaskDefinitionResponse> EcsClient::describe_task_definition(
    ecs::DescribeTaskDefinitionRequest request) {
  return call_for<ecs::op::DescribeTaskDefinition>(caller_, credentials_, std::move(request),
                                                   &ecs::DescribeTaskDefinitionResponse::task_definition);
}

EcsApi::Call<ec2::DescribeInstancesResult> EcsClient::describe_instances(ec2::DescribeInstancesRequest request) {
  return call_for<ec2::op::DescribeInstances>(caller_, credentials_, std::move(request),
                                              &ec2::DescribeInstancesResult::reservations);
}

EcsApi::Call<ssm::DescribeInstanceInformationResult> EcsClient::describe_instance_information(
    ssm::DescribeInstanceInformationRequest request) {
  return call_for<ssm::op::DescribeInstanceInformation>(
      caller_, credentials_, std::move(request), &ssm::DescribeInstanceInformationResult::instance_information_list);
}

EcsApi::Call<Watched> EcsClient::wait_for_change(std::optional<int64_t> since) {
  constexpr Duration kPatience = 25s;  // fairlead ends a quiet watch after 15 s
  FL_CO_TRY(const http::Url* endpoint, caller_.endpoint(ecs::kService));
  if (endpoint->host.find(".amazonaws.com") != std::string::npos)
    co_return fail(Code::not_found, "Amazon ECS has no watch");
  http::FetchHeaders headers;
  if (since) headers.emplace_back("Last-Event-ID", std::to_string(*since));
  FL_CO_TRY(const http::FetchResponse answer, co_await caller_.get(ecs::kService, "/fairlead/v1/watch", "once=true",
                                                                   std::move(headers), credentials_, kPatience));
  if (answer.status / 100 == 5) co_return fail(Code::unavailable, fmt::format("watch: HTTP status {}", answer.status));
  if (answer.status != 200 || !answer.header("Content-Type").starts_with("text/event-stream"))
    co_return fail(Code::not_found,
                   fmt::format("{} has no watch: HTTP status {}", endpoint->to_string(), answer.status));
  co_return read_events(answer.body, since.value_or(0));
}

}  // namespace fl::aws
