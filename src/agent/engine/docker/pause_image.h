// The image of the container that holds a task's network: one program that waits for ever. Made here, so that it needs
// no registry. Pure.
#pragma once

#include <string>

namespace fl::agent::engine {

inline constexpr const char* kPauseRepository = "localhost/fairlead-pause";
inline constexpr const char* kPauseTag = "1";
inline constexpr const char* kPauseProgram = "/pause";

// The image's files as a tar archive, for this machine's architecture.
std::string pause_archive();

}  // namespace fl::agent::engine
