// Containers by dockerd or podman, over the Docker Engine API. Agent thread.
//
// Ends of containers come from the engine's events; when that connection is lost every container thought to run is
// looked at again, so none is missed. Output is followed into a bounded file of the agent's own, from the last line
// that is there. In awsvpc mode a container joins the network that another one holds for its task (task_network.h).
#pragma once

#include <map>
#include <memory>
#include <string>

#include "agent/engine/docker/task_network.h"
#include "agent/engine/engine.h"
#include "docker/client.h"
#include "net/loop.h"
#include "net/stop.h"

namespace fl::agent::engine {

struct DockerEngineOptions {
  std::string directory;  // logs/ID.log below it
  std::string owner;      // label value that tells our containers from another agent's
  uint64_t log_max_bytes = 10 << 20;
  int log_max_files = 2;
  std::string why;
  std::string task_network;  // that tasks in awsvpc mode have their addresses in; empty: the bridge
};

class DockerEngine final : public Engine {
 public:
  DockerEngine(net::Loop& loop, http::Fetcher& fetcher, std::string socket_path, const docker::Version& version,
               DockerEngineOptions options);
  ~DockerEngine() override;

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
  Call<> end_task(std::string task_id) override;
  Call<std::vector<std::string>> kept_tasks() override;
  std::string log_path(const std::string& id) const override;

 private:
  net::Task<std::string> find_bridge_gateway();
  Call<Started> started_as(docker::Container container);
  net::Task<> follow_events();
  net::Task<> report_exit(std::string id);
  net::Task<> look_at_all();
  net::Task<> follow_log(std::string id);
  void on_event(const docker::Event& event);
  void watch(const std::string& id);

  net::Loop& loop_;
  docker::Client client_;
  const DockerEngineOptions options_;
  TaskNetworks networks_;
  EngineFacts facts_;
  ExitListener* listener_ = nullptr;
  std::map<std::string, bool> running_;  // containers whose end has not been told; true: their log is followed
  std::map<std::string, bool> pulled_;   // images that were pulled by this agent
  net::StopSource closing_;
  net::TaskScope work_;
};

// The body of a create call. `network`: the container whose network it joins (awsvpc). Pure.
json::Value create_settings(const ContainerSpec& spec, const std::string& owner, const std::string& network);

inline constexpr std::string_view kOwnerLabel = "fairlead.agent";
inline constexpr std::string_view kPortsLabel = "fairlead.ports";  // "80/tcp 53/udp", of a container in awsvpc mode

}  // namespace fl::agent::engine
