// One program, several commands: the first word chooses; without one it is the proxy.
#include <cstdio>
#include <span>
#include <string_view>

#include "app/commands/check.h"
#include "app/commands/explain.h"
#include "app/commands/healthcheck.h"
#include "app/commands/proxy.h"
#include "app/commands/version.h"
#include "app/commands/whoami.h"

namespace {

struct Command {
  std::string_view name;
  int (*run)(std::span<const char* const> arguments);
};

constexpr Command kCommands[] = {
    {"check", fl::app::run_check},     {"explain", fl::app::run_explain}, {"healthcheck", fl::app::run_healthcheck},
    {"version", fl::app::run_version}, {"whoami", fl::app::run_whoami},
};

}  // namespace

int main(int argc, char** argv) {
  const std::span<const char* const> arguments(argv + (argc > 0 ? 1 : 0), argv + argc);
  if (!arguments.empty() && arguments[0][0] != '-') {
    for (const Command& command : kCommands)
      if (command.name == arguments[0]) return command.run(arguments.subspan(1));
    std::fprintf(stderr, "fairlead: command not found: %s\n", arguments[0]);
    return 1;
  }
  return fl::app::run_proxy(arguments);
}
