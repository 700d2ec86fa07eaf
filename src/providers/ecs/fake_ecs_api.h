// AWS in memory, for tests: answers from tables, counts calls, pages and refuses as AWS does, and fails, hangs or lies
// as told.
#pragma once

#include <algorithm>
#include <functional>
#include <map>
#include <set>
#include <string>
#include <vector>

#include "aws/ecs_api.h"
#include "providers/bell.h"

namespace fl::providers::ecs {

struct FakeEcsApi final : aws::EcsApi {
  std::map<std::string, std::vector<fl::ecs::Task>> clusters;
  std::map<std::string, fl::ecs::TaskDefinition> definitions;  // by ARN
  std::map<std::string, std::string> container_instances;      // ARN -> machine id
  std::map<std::string, aws::ec2::Instance> ec2;               // by id
  std::map<std::string, aws::ssm::InstanceInformation> ssm;    // by id
  std::map<std::string, int> calls;                            // by operation
  std::function<std::optional<Error>(std::string_view operation, std::string_view what)> fails;
  std::set<std::string> hanging;  // clusters whose ListTasks does not answer
  bool tasks_lost = false;        // DescribeTasks leaves out a task
  bool body_empty = false;        // answers hold nothing
  bool is_watchable = false;
  int64_t newest = 1;  // revision; what a watch waits to change; then change() tells
  Bell news;
  net::StopSource watch_ends;

  size_t page_size = 100;

  std::optional<Error> begin(const std::string& operation, std::string_view what) {
    ++calls[operation];
    return fails ? fails(operation, what) : std::nullopt;
  }

  void change() {
    ++newest;
    news.ring();
  }
  Call<aws::Watched> wait_for_change(std::optional<int64_t> since) override {
    if (!is_watchable) co_return fail(Code::not_found, "no watch");
    if (since == newest) co_await news.wait(watch_ends);
    co_return aws::Watched{.revision = newest, .is_changed = since != newest};
  }

  // One page of `all`; tokens are offsets.
  template <class T>
  std::vector<T> page(const std::vector<T>& all, const std::optional<std::string>& token,
                      std::optional<std::string>& next, size_t size) {
    const size_t from = token ? std::stoul(*token) : 0;
    const size_t to = std::min(all.size(), from + size);
    if (to < all.size()) next = std::to_string(to);
    return {all.begin() + static_cast<std::ptrdiff_t>(from), all.begin() + static_cast<std::ptrdiff_t>(to)};
  }

  Call<fl::ecs::ListClustersResponse> list_clusters(fl::ecs::ListClustersRequest request) override {
    if (auto error = begin("ListClusters", "")) co_return tl::make_unexpected(*error);
    std::vector<std::string> names;
    for (const auto& [name, tasks] : clusters) names.push_back(name);
    fl::ecs::ListClustersResponse answer;
    answer.cluster_arns = page(names, request.next_token, answer.next_token, page_size);
    co_return answer;
  }

  Call<fl::ecs::DescribeClustersResponse> describe_clusters(fl::ecs::DescribeClustersRequest) override {
    co_return fl::ecs::DescribeClustersResponse();
  }

  Call<fl::ecs::ListTasksResponse> list_tasks(fl::ecs::ListTasksRequest request) override {
    const std::string cluster = request.cluster.value_or("default");
    if (auto error = begin("ListTasks", cluster)) co_return tl::make_unexpected(*error);
    while (hanging.contains(cluster)) co_await net::yield();
    const auto found = clusters.find(cluster);
    if (found == clusters.end()) co_return fail(Code::not_found, "ListTasks: ClusterNotFoundException");
    fl::ecs::ListTasksResponse answer;
    if (body_empty) co_return answer;
    std::vector<std::string> arns;
    for (const auto& task : found->second)
      if (task.desired_status.value_or("RUNNING") == request.desired_status) arns.push_back(*task.task_arn);
    answer.task_arns = page(arns, request.next_token, answer.next_token, page_size);
    co_return answer;
  }

  Call<fl::ecs::DescribeTasksResponse> describe_tasks(fl::ecs::DescribeTasksRequest request) override {
    if (auto error = begin("DescribeTasks", *request.cluster)) co_return tl::make_unexpected(*error);
    if (request.tasks->size() > 100) co_return fail(Code::invalid, "DescribeTasks: too many tasks");
    fl::ecs::DescribeTasksResponse answer{.tasks = {{}}, .failures = {{}}};
    const std::set<std::string> asked(request.tasks->begin(), request.tasks->end());
    for (const auto& task : clusters.at(*request.cluster))
      if (asked.contains(*task.task_arn)) answer.tasks->push_back(task);
    if (tasks_lost) answer.tasks->pop_back();
    co_return answer;
  }

  Call<fl::ecs::DescribeContainerInstancesResponse> describe_container_instances(
      fl::ecs::DescribeContainerInstancesRequest request) override {
    if (auto error = begin("DescribeContainerInstances", *request.cluster)) co_return tl::make_unexpected(*error);
    if (request.container_instances->size() > 100) co_return fail(Code::invalid, "too many container instances");
    fl::ecs::DescribeContainerInstancesResponse answer{.container_instances = {{}}, .failures = {{}}};
    for (const auto& arn : *request.container_instances) {
      const auto found = container_instances.find(arn);
      if (found == container_instances.end())
        answer.failures->push_back({.arn = arn, .reason = "MISSING"});
      else
        answer.container_instances->push_back({.container_instance_arn = arn, .ec2_instance_id = found->second});
    }
    co_return answer;
  }

  Call<fl::ecs::DescribeTaskDefinitionResponse> describe_task_definition(
      fl::ecs::DescribeTaskDefinitionRequest request) override {
    if (auto error = begin("DescribeTaskDefinition", *request.task_definition)) co_return tl::make_unexpected(*error);
    co_await net::yield();
    const auto found = definitions.find(*request.task_definition);
    if (found == definitions.end()) co_return fail(Code::not_found, "DescribeTaskDefinition: ClientException");
    co_return fl::ecs::DescribeTaskDefinitionResponse{.task_definition = found->second};
  }

  Call<aws::ec2::DescribeInstancesResult> describe_instances(aws::ec2::DescribeInstancesRequest request) override {
    if (auto error = begin("DescribeInstances", "")) co_return tl::make_unexpected(*error);
    const bool by_filter = !request.instance_ids;
    const auto ids = by_filter ? *request.filters->at(0).values : *request.instance_ids;
    if (ids.size() > 100) co_return fail(Code::invalid, "DescribeInstances: too many ids");
    std::vector<aws::ec2::Instance> found;
    for (const auto& id : ids) {
      if (id.starts_with("mi-")) co_return fail(Code::invalid, "DescribeInstances: InvalidInstanceID.Malformed");
      const auto instance = ec2.find(id);
      if (instance != ec2.end())
        found.push_back(instance->second);
      else if (!by_filter)
        co_return fail(Code::not_found, "DescribeInstances: InvalidInstanceID.NotFound");
    }
    co_return aws::ec2::DescribeInstancesResult{.reservations = {{{.instances = std::move(found)}}}};
  }

  Call<aws::ssm::DescribeInstanceInformationResult> describe_instance_information(
      aws::ssm::DescribeInstanceInformationRequest request) override {
    if (auto error = begin("DescribeInstanceInformation", "")) co_return tl::make_unexpected(*error);
    std::vector<aws::ssm::InstanceInformation> found;
    for (const auto& id : *request.filters->at(0).values)
      if (const auto machine = ssm.find(id); machine != ssm.end()) found.push_back(machine->second);
    aws::ssm::DescribeInstanceInformationResult answer;
    answer.instance_information_list = page(found, request.next_token, answer.next_token, 10);
    co_return answer;
  }

  // A definition "family:revision" with the one container "app", and its ARN.
  std::string define(const std::string& family, int revision, const std::string& network_mode,
                     std::map<std::string, std::string> labels, std::optional<int> host_port = std::nullopt) {
    const std::string arn = "arn:aws:ecs:eu-west-1:1:task-definition/" + family + ":" + std::to_string(revision);
    definitions[arn] = {.task_definition_arn = arn,
                        .container_definitions = {{{.name = "app",
                                                    .port_mappings = {{{.container_port = 80, .host_port = host_port}}},
                                                    .docker_labels = std::move(labels)}}},
                        .family = family,
                        .network_mode = network_mode,
                        .revision = revision};
    return arn;
  }

  // A running task of the service "web", its id padded to 12 digits.
  static fl::ecs::Task task(const std::string& definition, int id, const std::string& service = "web") {
    std::string digits = std::to_string(id);
    digits.insert(0, 12 - digits.size(), '0');
    return {.containers = {{{.name = "app", .last_status = "RUNNING"}}},
            .desired_status = "RUNNING",
            .group = "service:" + service,
            .last_status = "RUNNING",
            .task_arn = "arn:aws:ecs:eu-west-1:1:task/c/00000000" + digits,
            .task_definition_arn = definition};
  }
  static fl::ecs::Task fargate(const std::string& definition, int id, const std::string& ip,
                               const std::string& service = "web") {
    auto out = task(definition, id, service);
    out.attachments = {{{.type = "ElasticNetworkInterface", .status = "ATTACHED"}}};
    out.containers->at(0).network_interfaces = {{{.private_ipv4_address = ip}}};
    return out;
  }
  static fl::ecs::Task bridged(const std::string& definition, int id, const std::string& instance, int host_port) {
    auto out = task(definition, id);
    out.container_instance_arn = instance;
    out.containers->at(0).network_bindings = {
        {{.bind_ip = "0.0.0.0", .container_port = 80, .host_port = host_port, .protocol = "tcp"}}};
    return out;
  }
  void add_machine(const std::string& instance_arn, const std::string& id, const std::string& ip) {
    container_instances[instance_arn] = id;
    if (id.starts_with("mi-"))
      ssm[id] = {.instance_id = id, .ip_address = ip};
    else
      ec2[id] = {.instance_id = id, .state = aws::ec2::InstanceState{.name = "running"}, .private_ip_address = ip};
  }
};

}  // namespace fl::providers::ecs
