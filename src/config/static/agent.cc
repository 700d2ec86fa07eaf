#include "config/static/agent.h"

#include "config/schema.h"

namespace fl::config::statics {

void describe(Fields<Agent>& f) {
  f("cluster", &Agent::cluster, "cluster to register with (also ECS_CLUSTER)", kFairleadOnly);
  f("endpoint", &Agent::endpoint,
    "URL of the control plane; empty: Amazon ECS, or what AWS_ENDPOINT_URL says (also ECS_BACKEND_HOST)",
    kFairleadOnly);
  f("region", &Agent::region, "region of the cluster; empty: AWS_REGION, AWS_DEFAULT_REGION or us-east-1",
    kFairleadOnly);
  f("availability-zone", &Agent::availability_zone, "zone this machine says it is in; empty: the region's a",
    kFairleadOnly);
  f("data", &Agent::data, "directory of tasks, containers and logs; made when it is not there (also ECS_DATADIR)",
    kFairleadOnly);
  f("engine", &Agent::engine,
    "what runs containers: docker, podman, process (plain processes of this machine), or auto: the first of them that "
    "is there",
    kFairleadOnly);
  f("docker-host", &Agent::docker_host, "unix socket of the engine; empty: the usual places (also DOCKER_HOST)",
    kFairleadOnly);
  f("task-network", &Agent::task_network,
    "network of docker or podman that tasks in awsvpc mode have their addresses in; empty: its bridge, which only this "
    "machine reaches",
    kFairleadOnly);
  f("address", &Agent::address,
    "address of this machine where its tasks are reached; empty: the one the control plane is reached from",
    kFairleadOnly);
  f("attributes", &Agent::attributes, "attributes for placement, name=value each (also ECS_INSTANCE_ATTRIBUTES, JSON)",
    kFairleadOnly);
  f("external", &Agent::external, "register as an external instance, as ECS Anywhere (also ECS_EXTERNAL)",
    kFairleadOnly);
  f("activation-id", &Agent::activation_id,
    "register this machine with ssm by this activation (ssm CreateActivation), as an external instance that gets its "
    "own "
    "keys; needed once, the data directory remembers",
    kFairleadOnly);
  f("activation-code", &Agent::activation_code, "the activation's code", kFairleadOnly);
  f("pull-behavior", &Agent::pull_behavior, "default, always, once or prefer-cached (also ECS_IMAGE_PULL_BEHAVIOR)",
    kFairleadOnly);
  f("stop-timeout", &Agent::stop_timeout,
    "time to end after the stop signal, of containers that name none (also ECS_CONTAINER_STOP_TIMEOUT)", kFairleadOnly);
  f("cleanup-wait", &Agent::cleanup_wait,
    "how long stopped containers and their logs stay (also ECS_ENGINE_TASK_CLEANUP_WAIT_DURATION)", kFairleadOnly);
  f("stop-tasks", &Agent::stop_tasks, "stop the containers when the agent ends, instead of leaving them running",
    kFairleadOnly);
  f("reserved-memory", &Agent::reserved_memory, "MiB of this machine that tasks do not get (also ECS_RESERVED_MEMORY)",
    kFairleadOnly);
  f("dynamic-ports", &Agent::dynamic_ports,
    "host ports given to containers that name none, by the process engine (also ECS_DYNAMIC_HOST_PORT_RANGE)",
    kFairleadOnly);
  f("log-max-size", &Agent::log_max_size, "MiB a container's log file may have before another is begun", kFairleadOnly);
  f("log-max-files", &Agent::log_max_files, "log files kept of each container", kFairleadOnly);
  f("metadata-address", &Agent::metadata_address,
    "address of the metadata endpoint; containers on a bridge reach it at their gateway", kFairleadOnly);
  f("log-level", &Agent::log_level, "DEBUG, INFO, WARN or ERROR (also ECS_LOGLEVEL)", kFairleadOnly);
}

}  // namespace fl::config::statics
