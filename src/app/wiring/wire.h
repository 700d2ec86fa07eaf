// From the static configuration to what workers serve with. Pure.
#pragma once

#include <optional>
#include <vector>

#include "app/wiring/worker_thread.h"
#include "config/load_static.h"

namespace fl::app {

struct Wiring {
  std::vector<EntryPointWiring> entry_points;  // in the order of their names
  std::optional<telemetry::AccessLogOptions> access_log;
  std::optional<telemetry::MetricsOptions> metrics;  // nullopt when nobody asks
  std::optional<net::AliasOptions> host_resolver;    // likewise
};

// The last of the checks before the start: what only the users of an option can tell is wrong with it becomes an issue
// of `loaded`, with its place. With any error among them, old or new, the wiring is not to be used.
Wiring wire(config::LoadedStatic& loaded);

}  // namespace fl::app
