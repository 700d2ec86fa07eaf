// A client of the Docker Engine API over its unix socket, for dockerd 20.10 and podman 4 alike: what an agent needs of
// it, no more. Requests are JSON in Docker's own spelling; answers are read into the structs below. One loop; the
// fetcher outlives it.
//
// Errors of every call: not_found (404), conflict (409; podman's 500 "already in use"), invalid (400), unavailable (no
// answer, 5xx), with the engine's own message.
#pragma once

#include <cstdint>
#include <functional>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/json.h"
#include "base/result.h"
#include "base/time.h"
#include "http/fetch.h"
#include "net/stop.h"
#include "net/task.h"

namespace fl::docker {

struct Version {
  std::string engine;  // docker, podman
  std::string version, api_version;
};

struct PortBinding {
  uint16_t container_port = 0, host_port = 0;
  bool udp = false;
  std::string host_ip;  // empty as podman has it: every address
  bool operator==(const PortBinding&) const = default;
};

struct Container {
  std::string id, name, status;  // created, running, paused, restarting, removing, exited, dead
  bool is_running = false, out_of_memory = false;
  int exit_code = 0;
  std::string error;
  std::optional<WallTime> started_at, finished_at;
  std::vector<PortBinding> ports;
  std::string ip_address;    // on the default bridge, or the first of its networks
  std::string network_mode;  // bridge, host, "container:ID", ...
  std::map<std::string, std::string, std::less<>> labels;
};

struct Event {
  std::string action, id;  // of a container
  std::optional<int> exit_code;
};

struct Usage {
  uint64_t cpu_ns = 0, memory_bytes = 0;
};

// A network of the engine's. One of both, mostly: dockerd leaves the gateway of its own bridge out until it starts
// again.
struct Network {
  std::string gateway;           // address that containers have as their gateway
  std::string bridge_interface;  // name, on the host
};

class Client {
 public:
  template <class T = void>
  using Call = net::Task<Result<T>>;

  Client(http::Fetcher& fetcher, std::string socket_path) : fetcher_(fetcher), socket_(std::move(socket_path)) {}

  // Ends what is under way and refuses what comes.
  void cancel() { stop_.request_stop(); }

  Call<Version> version();
  Call<bool> has_image(std::string image);
  // Waits until the image is there. A reference without tag or digest means :latest.
  Call<> pull(std::string image);
  // Makes an image of one layer: a tar archive of its files.
  Call<> import_image(std::string repository, std::string tag, std::string archive);
  // -> the container's id
  Call<std::string> create(std::string name, json::Value settings);
  Call<> start(std::string id);  // fine when it runs
  // Signal, wait, kill; returns when it has ended. Fine when it does not run.
  Call<> stop(std::string id, Duration timeout);
  Call<> remove(std::string id);
  Call<Container> inspect(std::string id);
  // Ids of all containers with the label "key=value", running or not.
  Call<std::vector<std::string>> list(std::string label);
  // Runs a command to its end. -> exit code
  Call<int> exec(std::string id, std::vector<std::string> command, Duration timeout);
  Call<Usage> usage(std::string id);
  Call<Network> inspect_network(std::string name);
  Call<> create_volume(json::Value settings);
  Call<> remove_volume(std::string name);
  // Calls `on_event` for each event of a container until the connection ends, which is an error.
  Call<> follow_events(std::function<void(const Event&)> on_event);
  // Output since a time (nullopt: from the beginning) with its time stamps, until the container ends. `on_data` gets
  // the stream (1 stdout, 2 stderr) and pieces of "2026-11-28T00:00:00.123456789Z text\n" lines.
  Call<> follow_logs(std::string id, std::optional<WallTime> since,
                     std::function<void(uint8_t stream, std::string_view bytes)> on_data);

 private:
  struct Request {
    std::string method, target;
    std::optional<json::Value> body;
    std::string archive = {};  // instead of a body, when not empty
    Duration timeout = 1min;
    std::function<bool(std::string_view)> on_body;
  };
  net::Task<Result<http::FetchResponse>> send(Request request);
  // -> the last thing the engine said of it
  Call<std::string> create_image(std::string query, std::string archive);

  http::Fetcher& fetcher_;
  const std::string socket_;
  net::StopSource stop_;
};

// ---- answers, pure
Result<Version> read_version(std::string_view text);
Result<Container> read_container(std::string_view text);
Result<Network> read_network(std::string_view text);
Result<std::vector<std::string>> read_ids(std::string_view text);
Result<Event> read_event(std::string_view line);
Result<Usage> read_usage(std::string_view text);
// One line of the answer to a pull or an import: its status; an error when it tells of one.
Result<std::string> read_progress(std::string_view line);

}  // namespace fl::docker
