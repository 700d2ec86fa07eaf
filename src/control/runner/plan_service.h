// One service, planned and brought one step on: its view made of the records, the scheduler asked, the plan written,
// all in one transaction. Control thread.
#pragma once

#include <optional>
#include <string>

#include "base/time.h"
#include "control/state/transaction.h"

namespace fl::control::runner {

// -> when to ask again although nothing has changed
std::optional<WallTime> plan_service(state::Transaction& transaction, const std::string& cluster,
                                     const std::string& service, std::optional<Duration> lost_after);

}  // namespace fl::control::runner
