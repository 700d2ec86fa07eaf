#include "providers/ecs/cluster_reader.h"

#include <fmt/format.h>

#include <algorithm>
#include <set>
#include <utility>

#include "providers/parallel.h"

namespace fl::providers::ecs {
namespace {

constexpr size_t kMaxPages = 10'000;  // of one list; a service that never ends one is broken

// Takes the next page's token; false when the list is at its end.
bool turn_page(std::optional<std::string>& token, std::optional<std::string>& next) {
  token = std::move(next);
  return token && !token->empty();
}

Error endless(std::string_view call) { return {Code::invalid, fmt::format("{}: the list does not end", call)}; }

}  // namespace

struct ClusterReader::Reading {
  std::string cluster;
  ClusterReading result;
};

net::Task<Result<std::vector<std::string>>> list_clusters(aws::EcsApi& api) {
  std::vector<std::string> arns;
  std::optional<std::string> token;
  for (size_t page = 0; page < kMaxPages; ++page) {
    auto answer = co_await api.list_clusters({.next_token = token});
    if (!answer) co_return tl::make_unexpected(std::move(answer).error());
    if (!answer->cluster_arns) co_return fail(Code::invalid, "ListClusters answered without clusterArns");
    std::ranges::move(*answer->cluster_arns, std::back_inserter(arns));
    if (!turn_page(token, answer->next_token)) co_return arns;
  }
  co_return tl::make_unexpected(endless("ListClusters"));
}

net::Task<Result<ClusterReading>> ClusterReader::read(std::string cluster) {
  Reading reading{.cluster = std::move(cluster), .result = {}};
  auto arns = co_await list_tasks(reading.cluster);
  if (!arns) co_return tl::make_unexpected(std::move(arns).error());
  auto done = co_await by_hundreds(reading, *std::move(arns), &ClusterReader::describe_tasks);
  if (!done) co_return tl::make_unexpected(std::move(done).error());
  auto& facts = reading.result.facts;
  co_await read_definitions(reading);

  std::set<std::string> instances;
  for (const auto& task : facts.tasks) {
    const auto definition = facts.definitions.find(task.task_definition_arn.value_or(""));
    const bool needs_machine = definition != facts.definitions.end() && !has_own_address(task, *definition->second);
    if (needs_machine && task.container_instance_arn) instances.insert(*task.container_instance_arn);
  }
  done =
      co_await by_hundreds(reading, {instances.begin(), instances.end()}, &ClusterReader::describe_container_instances);
  if (!done) co_return tl::make_unexpected(std::move(done).error());

  std::set<std::string> ec2, managed;
  for (const auto& [arn, id] : facts.machine_ids) (id.starts_with("mi-") ? managed : ec2).insert(id);
  done = co_await by_hundreds(reading, {ec2.begin(), ec2.end()}, &ClusterReader::describe_ec2_instances);
  if (!done) co_return tl::make_unexpected(std::move(done).error());
  done = co_await by_hundreds(reading, {managed.begin(), managed.end()}, &ClusterReader::describe_managed_instances);
  if (!done) co_return tl::make_unexpected(std::move(done).error());
  co_return std::move(reading.result);
}

net::Task<Result<>> ClusterReader::by_hundreds(Reading& reading, std::vector<std::string> items,
                                               net::Task<Result<>> (ClusterReader::*f)(Reading&,
                                                                                       std::vector<std::string>)) {
  Result<> outcome;
  auto one = [&](size_t i) -> net::Task<void> {
    if (!outcome) co_return;
    const auto from = items.begin() + static_cast<std::ptrdiff_t>(i * kChunk);
    const auto to = items.begin() + static_cast<std::ptrdiff_t>(std::min(items.size(), (i + 1) * kChunk));
    auto done = co_await (this->*f)(reading, std::vector<std::string>(from, to));
    if (!done && outcome) outcome = std::move(done);
  };
  co_await in_parallel(kCallsAtOnce, (items.size() + kChunk - 1) / kChunk, one);
  co_return outcome;
}

net::Task<Result<std::vector<std::string>>> ClusterReader::list_tasks(std::string cluster) {
  std::set<std::string> arns;
  std::optional<std::string> token;
  for (size_t page = 0; page < kMaxPages; ++page) {
    auto answer = co_await api_.list_tasks({.cluster = cluster, .next_token = token, .desired_status = "RUNNING"});
    if (!answer) co_return tl::make_unexpected(std::move(answer).error());
    // An answer that says nothing is not the same as no tasks.
    if (!answer->task_arns) co_return fail(Code::invalid, "ListTasks answered without taskArns");
    arns.insert(answer->task_arns->begin(), answer->task_arns->end());
    if (!turn_page(token, answer->next_token)) co_return std::vector<std::string>(arns.begin(), arns.end());
  }
  co_return tl::make_unexpected(endless("ListTasks"));
}

net::Task<Result<>> ClusterReader::describe_tasks(Reading& reading, std::vector<std::string> arns) {
  const size_t asked = arns.size();
  auto answer = co_await api_.describe_tasks({.cluster = reading.cluster, .tasks = std::move(arns)});
  if (!answer) co_return tl::make_unexpected(std::move(answer).error());
  const size_t described = answer->tasks ? answer->tasks->size() : 0;
  // Tasks that ended in the meantime are named as failures.
  const size_t missing = answer->failures ? answer->failures->size() : 0;
  if (!answer->tasks || described + missing < asked)
    co_return fail(Code::invalid, fmt::format("DescribeTasks described {} of {} tasks", described, asked));
  std::ranges::move(*answer->tasks, std::back_inserter(reading.result.facts.tasks));
  co_return Result<>();
}

net::Task<void> ClusterReader::read_definitions(Reading& reading) {
  std::set<std::string> wanted;
  for (const auto& task : reading.result.facts.tasks)
    if (task.task_definition_arn) wanted.insert(*task.task_definition_arn);
  const std::vector<std::string> arns(wanted.begin(), wanted.end());
  auto one = [&](size_t i) -> net::Task<void> {
    auto found = co_await definitions_.get(arns[i]);
    if (found)
      reading.result.facts.definitions.emplace(arns[i], *std::move(found));
    else
      reading.result.definition_errors.push_back(std::move(found).error());
  };
  co_await in_parallel(kCallsAtOnce, arns.size(), one);
}

net::Task<Result<>> ClusterReader::describe_container_instances(Reading& reading, std::vector<std::string> arns) {
  auto answer =
      co_await api_.describe_container_instances({.cluster = reading.cluster, .container_instances = std::move(arns)});
  if (!answer) co_return tl::make_unexpected(std::move(answer).error());
  if (!answer->container_instances)
    co_return fail(Code::invalid, "DescribeContainerInstances answered without containerInstances");
  for (const auto& instance : *answer->container_instances)
    if (instance.container_instance_arn && instance.ec2_instance_id)
      reading.result.facts.machine_ids.emplace(*instance.container_instance_arn, *instance.ec2_instance_id);
  co_return Result<>();
}

net::Task<Result<>> ClusterReader::describe_ec2_instances(Reading& reading, std::vector<std::string> ids) {
  aws::ec2::DescribeInstancesRequest request{.instance_ids = ids};
  for (size_t page = 0; page < kMaxPages; ++page) {
    auto answer = co_await api_.describe_instances(request);
    if (!answer && answer.error().code == Code::not_found && request.instance_ids) {
      // One id that is gone fails them all; a filter finds those that are left.
      request = {.filters = std::vector{aws::ec2::Filter{.name = "instance-id", .values = ids}}};
      continue;
    }
    if (!answer) co_return tl::make_unexpected(std::move(answer).error());
    for (const auto& reservation : answer->reservations.value_or(std::vector<aws::ec2::Reservation>()))
      for (const auto& instance : reservation.instances.value_or(std::vector<aws::ec2::Instance>()))
        if (instance.instance_id) reading.result.facts.machines.emplace(*instance.instance_id, make_machine(instance));
    if (!turn_page(request.next_token, answer->next_token)) co_return Result<>();
  }
  co_return tl::make_unexpected(endless("DescribeInstances"));
}

net::Task<Result<>> ClusterReader::describe_managed_instances(Reading& reading, std::vector<std::string> ids) {
  aws::ssm::DescribeInstanceInformationRequest request{
      .filters = std::vector{aws::ssm::InstanceInformationStringFilter{.key = "InstanceIds", .values = std::move(ids)}},
      .max_results = 50};
  for (size_t page = 0; page < kMaxPages; ++page) {
    auto answer = co_await api_.describe_instance_information(request);
    if (!answer) co_return tl::make_unexpected(std::move(answer).error());
    for (const auto& found : answer->instance_information_list.value_or(std::vector<aws::ssm::InstanceInformation>()))
      if (found.instance_id) reading.result.facts.machines.emplace(*found.instance_id, make_machine(found));
    if (!turn_page(request.next_token, answer->next_token)) co_return Result<>();
  }
  co_return tl::make_unexpected(endless("DescribeInstanceInformation"));
}

}  // namespace fl::providers::ecs
