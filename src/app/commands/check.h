// `fairlead check CONFIG`: says everything that is wrong with a configuration, without starting.
#pragma once

#include <span>

namespace fl::app {

// CONFIG: a static file, whose file provider is followed; or a dynamic file, or a directory of them. [--json]
// [--strict]: warnings count as well. -> 0 nothing wrong, 1 problems, 2 wrong arguments.
int run_check(std::span<const char* const> arguments);

}  // namespace fl::app
