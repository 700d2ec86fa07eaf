#include "app/commands/agent.h"

#include <fmt/core.h>

#include <algorithm>
#include <csignal>
#include <cstdio>
#include <optional>

#include "agent/container_shim.h"
#include "app/signals.h"
#include "app/wiring/agent.h"
#include "base/log.h"
#include "config/command_options.h"
#include "config/load_static.h"

namespace fl::app {
namespace {

constexpr std::string_view kAbout =
    "fairlead agent: makes this machine a container instance and runs the tasks its cluster places here.\n"
    "It speaks Amazon ECS's agent protocol, with fairlead control or with Amazon ECS itself.\n\n"
    "  fairlead agent --endpoint=http://127.0.0.1:4566 --cluster=demo\n\n"
    "Tasks go on when the agent ends; one that starts with the same --data takes them over. Where no docker or podman\n"
    "answers, tasks are plain processes: the images fairlead/whoami and fairlead/proxy are this program, and `host`\n"
    "runs a command of this machine, which is told where to listen by HOST and PORT.\n\n";

int failed(std::string_view what) {
  fmt::print(stderr, "fairlead agent: {}\n", what);
  return 1;
}

}  // namespace

int run_agent_command(std::span<const char* const> arguments) {
  const auto asks_for_help = [](std::string_view a) { return a == "--help" || a == "-h" || a == "-help"; };
  if (std::ranges::any_of(arguments, asks_for_help)) {
    fmt::print("{}{}", kAbout, config::command_help("agent", config::type_of<config::statics::Agent>));
    return 0;
  }
  config::statics::Agent options;
  config::CommandInput input{.command = "agent",
                             .arguments = {arguments.begin(), arguments.end()},
                             .environment = config::process_environment()};
  if (const auto ok = apply_ecs_variables(input.environment, options); !ok) return failed(ok.error().message);
  const auto issues = config::load_command_options(input, options);
  for (const config::Issue& issue : issues) failed(issue.to_text());
  if (config::has_errors(issues)) return 1;
  const auto level = log::parse_level(options.log_level);
  if (!level) return failed(level.error().message);
  if (const auto ok = log::configure({.level = *level, .file_path = {}}); !ok) return failed(ok.error().message);

  Signals::block({SIGTERM, SIGINT});
  net::Loop loop;
  loop.make_current();
  net::StopSource stop;
  const Signals signals(loop, {SIGTERM, SIGINT}, [&stop](int) { stop.request_stop(); });
  std::optional<Result<>> result;
  const auto run = [&]() -> net::Task<> {
    result = co_await run_agent(loop, options, input.environment, stop);
    loop.stop();
  };
  net::spawn(run());
  if (!result) loop.run();
  return *result ? 0 : failed(result->error().message);
}

}  // namespace fl::app
