// The test program doubles as the shim that the process engine starts: `agent_test container-shim ...`.
#include <gtest/gtest.h>

#include <span>
#include <string_view>

#include "agent/engine/process/shim.h"

int main(int argc, char** argv) {
  const std::span<const char* const> arguments(argv, static_cast<size_t>(argc));
  if (argc > 1 && std::string_view(argv[1]) == "container-shim")
    return fl::agent::engine::process::run_shim(arguments.subspan(2));
  ::testing::InitGoogleTest(&argc, argv);
  return RUN_ALL_TESTS();
}
