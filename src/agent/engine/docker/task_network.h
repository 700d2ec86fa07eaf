// Networks of tasks in awsvpc mode: each is held by a container that does nothing else, and the task's containers join
// it. So they share an address and localhost, whichever of them come and go; as amazon-ecs-agent's pause container.
// Nothing is remembered here: the engine knows, by name and labels. Agent thread; as long as the engine.
#pragma once

#include <string>
#include <vector>

#include "docker/client.h"
#include "net/stop.h"

namespace fl::agent::engine {

class TaskNetworks {
 public:
  template <class T = void>
  using Call = docker::Client::Call<T>;

  // `owner`: whose they are; `network`: of the engine's, where the tasks have their addresses. The others outlive it.
  TaskNetworks(docker::Client& client, net::StopSource& closing, std::string owner, std::string network)
      : client_(client), closing_(closing), owner_(std::move(owner)), network_(std::move(network)) {}

  // -> id of the container that holds it, which runs. Fine when it is there, also when two ask at once.
  Call<std::string> make(std::string task_id);
  // Fine when it is not there.
  Call<> remove(std::string task_id);
  // -> ids of the tasks that have one
  Call<std::vector<std::string>> list();
  // -> the address of the network that this container holds
  Call<std::string> address(std::string id);

 private:
  Call<std::string> create(std::string name);

  docker::Client& client_;
  net::StopSource& closing_;
  const std::string owner_, network_;
};

}  // namespace fl::agent::engine
