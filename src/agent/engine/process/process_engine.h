// Containers as plain processes of this machine, where no container engine is reachable: each with a directory, an
// environment, an address or ports, limits and a log of its own, under a shim that outlives the agent. Agent thread.
//
//   image            fairlead/NAME runs this very program as `fairlead NAME` (fairlead/proxy and fairlead/fairlead: its
//                    first word is the command's); `host` runs the command from the machine's PATH
//   awsvpc           the task has an address of 127.64.0.0/10 to itself; ports are the container's own
//   bridge           the instance's address; a port of the container is a port of the machine: the mapping's hostPort,
//                    or a free one of the dynamic range
//   host             ports are the container's own
// A process is told where to listen: HOST, PORT (of its first mapping), PORT_<containerPort>; the built-in images obey.
//
// There is no file system, network stack or user database of a container's own: what would need one (mounts elsewhere
// than where they are, links, devices, capabilities, a read-only root) is refused by create() with its name.
#pragma once

#include <map>
#include <memory>
#include <set>
#include <string>

#include "agent/engine/engine.h"
#include "agent/engine/process/cgroup.h"
#include "agent/engine/process/child.h"
#include "agent/engine/process/port_choice.h"
#include "net/loop.h"
#include "net/stop.h"

namespace fl::agent::engine {

struct ProcessEngineOptions {
  std::string directory;              // containers/ID/ and logs/ID.log below it; made when it is not there
  std::string program;                // of shims and of fairlead/... images: fairlead itself
  std::string address = "127.0.0.1";  // of the instance: where bridge containers listen
  uint16_t first_dynamic_port = 32768, last_dynamic_port = 60999;
  uint64_t log_max_bytes = 10 << 20;
  int log_max_files = 2;
  std::string why;
};

class ProcessEngine final : public Engine {
 public:
  ProcessEngine(net::Loop& loop, ProcessEngineOptions options);
  ~ProcessEngine() override;  // after close()

  const EngineFacts& facts() const override { return facts_; }
  Call<> open(ExitListener& listener) override;
  net::Task<> close() override;
  Call<> pull(std::string image, PullBehavior behavior) override;
  Call<std::string> create(ContainerSpec spec) override;
  Call<Started> start(std::string id) override;
  Call<> stop(std::string id, Duration timeout) override;
  Call<> remove(std::string id) override;
  Call<ContainerState> inspect(std::string id) override;
  Call<std::vector<std::string>> list() override;
  Call<int> exec(std::string id, std::vector<std::string> command, Duration timeout) override;
  Call<Usage> usage(std::string id) override;
  Call<> make_volume(VolumeSpec spec) override;
  Call<> remove_volume(std::string name) override;
  std::string log_path(const std::string& id) const override;

 private:
  struct Container;
  Result<Container*> find(const std::string& id);
  Result<> place(Container& container);
  Result<std::string> task_address(const Container& container);
  bool watch(Container& container);
  void on_shim_end(Container& container);
  std::string directory_of(const std::string& id) const { return options_.directory + "/containers/" + id; }
  Result<std::unique_ptr<Container>> load(const std::string& id);
  net::Task<> settle(std::string directory);

  net::Loop& loop_;
  ProcessEngineOptions options_;
  EngineFacts facts_;
  process::Cgroups cgroups_;
  ExitListener* listener_ = nullptr;
  std::map<std::string, std::unique_ptr<Container>> containers_;
  std::set<process::ChildWatch*> watches_;
  bool is_closed_ = false;
  process::PortChoice port_choice_;
};

}  // namespace fl::agent::engine
