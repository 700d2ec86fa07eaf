// Makes the calls of ECS discovery with settings from the environment, once, and prints what came back as one line of
// JSON. For aws_test.py.
#include <cstdio>
#include <vector>

#include "aws/ecs_client.h"
#include "base/json.h"
#include "ecs/shape.h"
#include "net/loop.h"

namespace fl {
namespace {

using ecs::items;
using ecs::text;

json::Value list_of(const std::vector<std::string>& texts) { return json::Array(texts.begin(), texts.end()); }

net::Task<Result<json::Value>> discover(http::Fetcher& fetcher) {
  FL_CO_TRY(const auto api, co_await aws::EcsClient::create(fetcher, aws::process_environment(), {}));
  FL_CO_TRY(const auto clusters, co_await api->list_clusters({}));
  json::Object out{{"region", api->region()}, {"clusters", list_of(items(clusters.cluster_arns))}};
  json::Array tasks, addresses;
  for (const std::string& cluster : items(clusters.cluster_arns)) {
    FL_CO_TRY(const auto listed, co_await api->list_tasks({.cluster = cluster, .desired_status = "RUNNING"}));
    if (items(listed.task_arns).empty()) continue;
    FL_CO_TRY(const auto described, co_await api->describe_tasks({.cluster = cluster, .tasks = listed.task_arns}));
    std::vector<std::string> machines;
    for (const ecs::Task& task : items(described.tasks)) {
      FL_CO_TRY(const auto definition, co_await api->describe_task_definition(
                                           {.task_definition = std::string(text(task.task_definition_arn))}));
      json::Object labels;
      for (const auto& container : items(definition.task_definition->container_definitions))
        if (container.docker_labels)
          for (const auto& [key, value] : *container.docker_labels) labels.emplace_back(key, value);
      tasks.push_back(json::Object{{"arn", text(task.task_arn)}, {"labels", std::move(labels)}});
      machines.emplace_back(text(task.container_instance_arn));
    }
    FL_CO_TRY(const auto instances,
              co_await api->describe_container_instances({.cluster = cluster, .container_instances = machines}));
    std::vector<std::string> ids;
    for (const auto& instance : items(instances.container_instances)) ids.emplace_back(text(instance.ec2_instance_id));
    FL_CO_TRY(const auto found, co_await api->describe_instances({.instance_ids = ids}));
    for (const auto& reservation : items(found.reservations))
      for (const auto& instance : items(reservation.instances))
        addresses.emplace_back(text(instance.private_ip_address));
  }
  out.emplace_back("tasks", std::move(tasks));
  out.emplace_back("addresses", std::move(addresses));
  co_return json::Value(std::move(out));
}

}  // namespace
}  // namespace fl

int main() {
  using namespace fl;
  net::Loop loop;
  loop.make_current();
  net::Resolver resolver(loop);
  const auto roots = tls::ClientContext::create({});
  http::Fetcher fetcher(loop, resolver, roots ? *roots : nullptr);
  int status = 1;
  const auto run = [&]() -> net::Task<void> {
    const auto found = co_await discover(fetcher);
    std::puts(found ? json::to_text(*found).c_str() : found.error().message.c_str());
    status = found ? 0 : 1;
    loop.stop();
  };
  net::spawn(run());
  loop.run();
  return status;
}
