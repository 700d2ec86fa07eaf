// `fairlead container-shim`, the parent of one container of the process engine: see engine/process/shim.h.
#pragma once

#include <span>

namespace fl::agent {

// `arguments`: what stands after "container-shim". -> exit code
int run_container_shim(std::span<const char* const> arguments);

}  // namespace fl::agent
