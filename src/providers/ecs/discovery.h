// What AWS says of a cluster -> the containers that take requests. Pure.
//
// Only RUNNING containers of RUNNING tasks that are to go on running, and none that is UNHEALTHY, in every network
// mode. Source: Traefik, ECS provider; where it looks less closely we do not follow.
#pragma once

#include <map>
#include <memory>
#include <string>
#include <vector>

#include "aws/generated/ec2_shapes.h"
#include "aws/generated/ssm_shapes.h"
#include "config/issue.h"
#include "ecs/generated/ecs_shapes.h"
#include "providers/container/instance.h"

namespace fl::providers::ecs {

// What is needed of a task definition. Definitions never change, so this is made once for each.
struct Definition {
  struct Container {
    std::string name;
    std::shared_ptr<const container::LabelSet> labels;
    std::vector<container::PortMapping> ports;  // host_port 0: chosen when the task starts
  };
  std::string family;
  int64_t revision = 0;
  bool is_awsvpc = false;
  std::vector<Container> containers;
};
Definition make_definition(const fl::ecs::TaskDefinition& definition);

// An EC2 instance, or a machine of ECS Anywhere.
struct Machine {
  std::string ip;
  bool is_running = false;
};
Machine make_machine(const aws::ec2::Instance& instance);
Machine make_machine(const aws::ssm::InstanceInformation& information);

struct ClusterFacts {
  std::vector<fl::ecs::Task> tasks;
  std::map<std::string, std::shared_ptr<const Definition>, std::less<>> definitions;  // by ARN; absent: cannot be read
  std::map<std::string, std::string, std::less<>> machine_ids;                        // by container instance ARN
  std::map<std::string, Machine, std::less<>> machines;                               // by id, i-... or mi-...
};

struct Discovered {
  std::vector<container::Instance> instances;
  std::vector<config::Issue> issues;            // containers that run but cannot be reached
  std::vector<std::string> without_definition;  // ids (of Instance) of tasks whose definition could not be read
};

Discovered discover(const ClusterFacts& facts, bool healthy_tasks_only);

// Whether the task is reached at an address of its own, so that its machine does not matter.
bool has_own_address(const fl::ecs::Task& task, const Definition& definition);

// The last 12 characters of a task's ARN.
std::string instance_id(const fl::ecs::Task& task);

}  // namespace fl::providers::ecs
