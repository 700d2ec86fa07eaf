#include "app/commands/version.h"

#include <sys/utsname.h>

#include <cstdio>
#include <string_view>

namespace fl::app {
namespace {

// Go's names, as in images and packages.
std::string_view architecture(std::string_view machine) {
  if (machine == "x86_64") return "amd64";
  if (machine == "aarch64") return "arm64";
  return machine;
}

}  // namespace

int run_version(std::span<const char* const> arguments) {
  if (!arguments.empty()) {
    std::fprintf(stderr, "fairlead version: takes no arguments\n");
    return 2;
  }
  utsname system{};
  ::uname(&system);
  const std::string_view machine = architecture(system.machine);
  std::printf(
      "Version:      %s\n"
      "Codename:     fairlead\n"
      "Compiler:     %s\n"
      "Built:        %s\n"
      "OS/Arch:      linux/%.*s\n",
      FL_VERSION, __VERSION__, FL_BUILT, static_cast<int>(machine.size()), machine.data());
  return 0;
}

}  // namespace fl::app
