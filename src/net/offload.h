// Slow pure work, such as a password's hash, beside the loops: two threads for the whole process, started when first
// needed. The work must not touch what the loop's thread uses meanwhile.
#pragma once

#include <functional>

#include "net/task.h"

namespace fl::net {

// Runs `work` on another thread and comes back to this one's loop. -> false when too much is waiting already: nothing
// was done. Cannot be cancelled; the loop must live until it is over.
Task<bool> offload(std::move_only_function<void()> work);

}  // namespace fl::net
