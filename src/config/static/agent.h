// Options of `fairlead agent`, the agent of one container instance. Defaults are the member initialisers.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "base/time.h"
#include "config/fields.h"

namespace fl::config::statics {

struct Agent {
  std::string cluster = "default";
  std::string endpoint;
  std::string region;
  std::string availability_zone;
  std::string data = "fairlead-agent";
  std::string engine = "auto";  // auto, docker, podman, process
  std::string docker_host;
  std::string task_network;
  std::string address;
  std::vector<std::string> attributes;
  bool external = false;
  std::string activation_id;
  std::string activation_code;
  std::string pull_behavior = "default";  // default, always, once, prefer-cached
  Duration stop_timeout = 30s;
  Duration cleanup_wait = 3h;
  bool stop_tasks = false;
  int64_t reserved_memory = 0;
  std::string dynamic_ports = "32768-60999";
  int64_t log_max_size = 10;
  int64_t log_max_files = 2;
  std::string metadata_address = "127.0.0.1";
  std::string log_level = "INFO";
};
void describe(Fields<Agent>& f);

}  // namespace fl::config::statics
