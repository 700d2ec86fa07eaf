// Options of `fairlead control`, the ECS-compatible control plane. Defaults are the member initialisers.
#pragma once

#include <string>

#include "base/time.h"
#include "config/fields.h"

namespace fl::config::statics {

struct Control {
  std::string address = "127.0.0.1:4566";
  std::string data = "fairlead-data";
  std::string account_id = "000000000000";
  std::string region = "us-east-1";
  std::string auth = "any";  // any, keys
  std::string keys;
  std::string endpoint;
  bool strict = false;
  Duration lost_after = 90s;
  Duration drain_delay = 5s;  // the proxy's throttle of 2 s, a reading of the cluster, and some
  std::string log_level = "INFO";
};
void describe(Fields<Control>& f);

}  // namespace fl::config::statics
