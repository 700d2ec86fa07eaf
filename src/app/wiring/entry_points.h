// From the static configuration's entry points to what workers serve them with. Pure.
#pragma once

#include <vector>

#include "app/wiring/worker_thread.h"
#include "base/result.h"
#include "config/static/configuration.h"

namespace fl::app {

// TCP entry points in the order of their names. Errors name the entry point and the option.
Result<std::vector<EntryPointWiring>> wire_entry_points(const config::statics::Configuration& configuration);

// Options of every worker's access log; nullopt when there is none. Errors name the option.
Result<std::optional<telemetry::AccessLogOptions>> wire_access_log(const config::statics::Configuration& configuration);

// What is counted; nullopt when nobody asks.
std::optional<telemetry::MetricsOptions> wire_metrics(const config::statics::Configuration& configuration);

}  // namespace fl::app
