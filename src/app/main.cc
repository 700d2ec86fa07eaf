// One program, several commands: the first word chooses; without one it is the proxy.
#include <fmt/core.h>
#include <unistd.h>

#include <algorithm>
#include <cstdio>
#include <span>
#include <string_view>

#include "agent/container_shim.h"
#include "app/commands/agent.h"
#include "app/commands/check.h"
#include "app/commands/control.h"
#include "app/commands/dev.h"
#include "app/commands/ecs.h"
#include "app/commands/explain.h"
#include "app/commands/healthcheck.h"
#include "app/commands/proxy.h"
#include "app/commands/version.h"
#include "app/commands/whoami.h"
#include "config/help.h"

namespace {

struct Command {
  std::string_view name, arguments, what;
  int (*run)(std::span<const char* const> arguments);
};

constexpr Command kCommands[] = {
    // the first has no name: it runs when none is given
    {"", "[flags]", "run the proxy", fl::app::run_proxy},
    {"agent", "[flags]", "run the tasks of an ECS cluster on this machine", fl::app::run_agent_command},
    {"check", "CONFIG", "say what is wrong with a configuration, without starting", fl::app::run_check},
    {"control", "[flags]", "run the ECS-compatible control plane", fl::app::run_control},
    {"dev", "[flags] [-- PROXY FLAGS]", "run control plane, agent and proxy in one process", fl::app::run_dev},
    {"ecs", "status|logs", "clusters, services and tasks as a table; a task's output", fl::app::run_ecs},
    {"explain", "--config FILE REQUEST", "say which router a request would meet, and why", fl::app::run_explain},
    {"healthcheck", "[flags]", "ask a running proxy whether it is well (needs --ping)", fl::app::run_healthcheck},
    {"version", "", "print the version", fl::app::run_version},
    {"whoami", "[flags]", "a small server for tests that tells what it was asked", fl::app::run_whoami},
};

bool asks_for_help(std::string_view argument) {
  return argument == "--help" || argument == "-help" || argument == "-h" || argument == "--h";
}

int print_help() {
  const bool colour = ::isatty(STDOUT_FILENO) != 0;
  const std::string_view bold = colour ? "\033[1m" : "", plain = colour ? "\033[0m" : "";
  fmt::print("fairlead: a reverse proxy that finds its services by itself (Traefik-compatible)\n\n{}Usage{}\n", bold,
             plain);
  for (const Command& command : kCommands)
    fmt::print("  fairlead {:<34}{}\n",
               fmt::format("{}{}{}", command.name, command.name.empty() ? "" : " ", command.arguments), command.what);
  fmt::print("\n{}Options of the proxy{}\n{}", bold, plain, fl::config::help_text());
  return 0;
}

}  // namespace

int main(int argc, char** argv) {
  const std::span<const char* const> arguments(argv + (argc > 0 ? 1 : 0), argv + argc);
  // Started by an agent, never by a person: it has no place in the help.
  if (!arguments.empty() && std::string_view(arguments[0]) == "container-shim")
    return fl::agent::run_container_shim(arguments.subspan(1));
  if (arguments.empty() || arguments[0][0] == '-')
    return std::ranges::any_of(arguments, asks_for_help) ? print_help() : fl::app::run_proxy(arguments);
  for (const Command& command : std::span(kCommands).subspan(1))
    if (command.name == arguments[0]) return command.run(arguments.subspan(1));
  fmt::print(stderr, "fairlead: command not found: {}\nfairlead --help lists the commands.\n", arguments[0]);
  return 1;
}
