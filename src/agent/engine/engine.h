// What runs containers, as the rest of the agent sees it: one interface, whether dockerd, podman or plain processes are
// behind it. Containers are named by the engine's own id. Agent thread; outlives what uses it.
//
//   create -> start -> running -> on_exit() -> [start again] -> remove
//                         \_ stop: signal, wait, kill; the end is told by on_exit() like any other
#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "base/json.h"
#include "base/result.h"
#include "base/time.h"
#include "net/task.h"

namespace fl::agent::engine {

enum class NetworkMode : uint8_t { bridge, host, none, awsvpc };

struct PortMapping {
  uint16_t container_port = 0;
  uint16_t host_port = 0;  // 0: the engine chooses (bridge)
  bool udp = false;
  bool operator==(const PortMapping&) const = default;
};

// A port of a container that can be reached from outside.
struct PortBinding {
  std::string bind_ip;
  uint16_t container_port = 0;
  uint16_t host_port = 0;
  bool udp = false;
  bool operator==(const PortBinding&) const = default;
};

struct Mount {
  std::string source;  // an absolute path on the host, or the name of an engine's volume
  std::string target;
  bool read_only = false;
};

// A container to be made, with everything decided but the dynamic ports.
struct ContainerSpec {
  std::string name;     // unique on this machine: ecs-FAMILY-REVISION-CONTAINER-hex
  std::string task_id;  // what containers that share a network and volumes have in common
  std::string image;
  std::vector<std::string> entry_point, command;  // empty: the image's
  std::vector<std::pair<std::string, std::string>> environment;
  std::map<std::string, std::string> labels;
  NetworkMode network_mode = NetworkMode::bridge;
  std::vector<PortMapping> ports;
  std::vector<Mount> mounts;
  std::vector<std::string> links;         // "container:alias", containers by their name above
  std::vector<std::string> volumes_from;  // "container[:ro]"
  int64_t cpu_shares = 0;                 // 0: the engine's default
  int64_t memory_bytes = 0;               // hard limit; 0: none
  bool privileged = false;
  // Docker's own Config and HostConfig, as the task definition became them: user, working directory, ulimits, ... Null
  // or objects. An engine refuses what it cannot honour.
  json::Value config, host_config;
};

// A volume that the engine keeps (dockerVolumeConfiguration).
struct VolumeSpec {
  std::string name, driver;
  std::map<std::string, std::string> driver_options, labels;
};

struct Started {
  WallTime at;
  std::vector<PortBinding> bindings;
  std::string address;  // of the task's own network (awsvpc); elsewhere empty
};

struct Exit {
  int code = 0;  // 128 + signal for those that a signal ended
  bool out_of_memory = false;
  WallTime at;
  std::string reason;  // what the engine adds; may be empty
};

struct ContainerState {
  enum class Status : uint8_t { created, running, exited };
  Status status = Status::created;
  Started started;  // unless created
  Exit exit;        // of exited
};

struct Usage {
  uint64_t cpu_ns = 0;  // since the start
  uint64_t memory_bytes = 0;
};

// How images come. As ECS_IMAGE_PULL_BEHAVIOR.
enum class PullBehavior : uint8_t { default_, always, once, prefer_cached };

struct EngineFacts {
  std::string name;     // docker, podman, process
  std::string version;  // "20.10.24"
  std::string why;      // one phrase for the log: how it came to be chosen
  // Network modes it can do, as attributes and refusals say.
  std::vector<NetworkMode> network_modes;
  // Address under which containers in bridge mode reach this machine, known from open() on; empty: they share ours.
  std::string bridge_gateway;
  std::vector<std::string> capabilities;  // attribute names: ecs.capability..., com.amazonaws.ecs.capability...
};

class ExitListener {
 public:
  // A container that was running has ended. Once for each end that happened while the engine was open.
  virtual void on_exit(const std::string& id, const Exit& exit) noexcept = 0;

 protected:
  ~ExitListener() = default;
};

// Errors of every call: not_found when there is no such container; invalid for what the engine cannot honour or
// understand; unavailable when the engine does not answer; canceled by close(); conflict; internal. Messages are fit
// for a container's reason.
class Engine {
 public:
  template <class T = void>
  using Call = net::Task<Result<T>>;

  virtual ~Engine() = default;
  virtual const EngineFacts& facts() const = 0;

  // Begins to tell of exits. Before any other call; `listener` outlives the engine's close().
  virtual Call<> open(ExitListener& listener) = 0;
  // Ends what goes on by itself. Containers go on running.
  virtual net::Task<> close() = 0;

  virtual Call<> pull(std::string image, PullBehavior behavior) = 0;
  virtual Call<std::string> create(ContainerSpec spec) = 0;
  virtual Call<Started> start(std::string id) = 0;
  // Returns when the container has ended, or could not be made to. Fine when it is not running.
  virtual Call<> stop(std::string id, Duration timeout) = 0;
  virtual Call<> remove(std::string id) = 0;
  virtual Call<ContainerState> inspect(std::string id) = 0;
  // Ids of all containers made by this agent, running or not.
  virtual Call<std::vector<std::string>> list() = 0;
  // Runs a command beside the container's own, killed after `timeout` (error: timeout). -> its exit code
  virtual Call<int> exec(std::string id, std::vector<std::string> command, Duration timeout) = 0;
  virtual Call<Usage> usage(std::string id) = 0;
  virtual Call<> make_volume(VolumeSpec spec) = 0;  // fine when it is there
  virtual Call<> remove_volume(std::string name) = 0;
  // What it keeps for a task as a whole, such as its network, goes: called when all the task's containers have ended
  // and again when they are removed. Fine when there is nothing.
  virtual Call<> end_task(std::string task_id);
  // Ids of the tasks it keeps something for.
  virtual Call<std::vector<std::string>> kept_tasks();
  // Where the container's output is: a file of CRI log lines (logs/log_file.h) that the agent may read.
  virtual std::string log_path(const std::string& id) const = 0;
};

std::string_view to_text(NetworkMode mode);
std::optional<NetworkMode> parse_network_mode(std::string_view text);

}  // namespace fl::agent::engine
