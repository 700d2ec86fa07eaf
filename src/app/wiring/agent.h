// Puts an agent together from its options: engine, control plane, address. Used by `fairlead agent`; belongs to the
// loop it runs on.
#pragma once

#include "base/result.h"
#include "config/fields.h"
#include "config/static/agent.h"
#include "net/loop.h"
#include "net/stop.h"
#include "net/task.h"

namespace fl::app {

// What the genuine agent's variables (ECS_CLUSTER and the like) say, as defaults below our own options. Errors: a value
// that cannot be read, with the variable's name.
Result<> apply_ecs_variables(const config::Map<std::string>& environment, config::statics::Agent& options);

// Returns when `stop` is requested; tasks go on. Errors: options that make no sense, no engine, a data directory that
// cannot be used. Both arguments and `stop` outlive it.
net::Task<Result<>> run_agent(net::Loop& loop, const config::statics::Agent& options,
                              const config::Map<std::string>& environment, net::StopSource& stop);

}  // namespace fl::app
