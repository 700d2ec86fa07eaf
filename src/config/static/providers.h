// providers.*: where dynamic configuration comes from. Plain data, filled once at start.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "base/time.h"
#include "config/fields.h"

namespace fl::config::statics {

struct FileProvider {
  std::string directory;
  std::string filename;
  bool watch = true;
  bool debug_log_generated_template = false;
  bool operator==(const FileProvider&) const = default;
};

struct EcsProvider {
  bool auto_discover_clusters = false;
  std::vector<std::string> clusters{"default"};
  std::string constraints;
  std::string default_rule = "Host(`{{ normalize .Name }}`)";
  bool ecs_anywhere = false;
  bool exposed_by_default = true;
  bool healthy_tasks_only = false;
  int64_t refresh_seconds = 15;
  std::string region;
  std::string access_key_id;
  std::string secret_access_key;
  std::string state_file;  // fairlead's own: last good state, read at start while AWS cannot be reached
  bool operator==(const EcsProvider&) const = default;
};

struct Providers {
  Duration providers_throttle_duration = 2s;
  std::vector<std::string> precedence{"kubernetesgateway",
                                      "kubernetescrd",
                                      "kubernetes",
                                      "kubernetesingressnginx",
                                      "swarm",
                                      "docker",
                                      "file",
                                      "redis",
                                      "knative",
                                      "consul",
                                      "consulcatalog",
                                      "nomad",
                                      "etcd",
                                      "ecs",
                                      "http",
                                      "zookeeper",
                                      "rest"};
  std::optional<FileProvider> file;
  std::optional<EcsProvider> ecs;
  bool operator==(const Providers&) const = default;
};

void describe(Fields<FileProvider>& f);
void describe(Fields<EcsProvider>& f);
void describe(Fields<Providers>& f);

}  // namespace fl::config::statics
