// Options of `fairlead dev`: control plane, agent and proxy in one process. Defaults are the member initialisers.
#pragma once

#include <string>

#include "config/fields.h"

namespace fl::config::statics {

struct Dev {
  std::string data = "fairlead-data";
  std::string address = "127.0.0.1:4566";
  std::string web = "127.0.0.1:8000";
  std::string dashboard = "127.0.0.1:8080";
  std::string region = "us-east-1";
  std::string cluster = "default";
  std::string engine = "auto";  // auto, docker, podman, process
  std::string log_level = "INFO";
};
void describe(Fields<Dev>& f);

}  // namespace fl::config::statics
