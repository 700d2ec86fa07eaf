#include "app/commands/ecs_logs.h"

#include <CLI/CLI.hpp>
#include <cstdio>
#include <filesystem>
#include <string>
#include <vector>

#include "agent/read_logs.h"

namespace fl::app {
namespace {

// What --data may name, an agent's directory or that of `fairlead dev`, which has the agent's inside; and which of the
// two is here when it names none.
std::string agent_directory(const std::string& given) {
  const auto is_agents = [](const std::string& directory) {
    std::error_code unreadable;
    return std::filesystem::exists(directory + "/tasks", unreadable);
  };
  const std::vector<std::string> places = given.empty()
                                              ? std::vector<std::string>{"fairlead-agent", "fairlead-data/agent"}
                                              : std::vector<std::string>{given, given + "/agent"};
  for (const std::string& place : places)
    if (is_agents(place)) return place;
  return places.front();
}

}  // namespace

int run_ecs_logs(std::span<const char* const> arguments) {
  agent::LogQuery query;
  bool with_times = false;
  CLI::App cli("Shows what a task's containers wrote, as the agent on this machine keeps it.", "fairlead ecs logs");
  cli.add_option("task", query.task, "the task's ARN, its id or the beginning of it")->required();
  cli.add_option("--container", query.container, "this container only; else all, one after the other");
  cli.add_option("--data", query.data_directory,
                 "data directory of the agent or of fairlead dev; else fairlead-agent or fairlead-data")
      ->envname("FAIRLEAD_AGENT_DATA");
  cli.add_option("--tail", query.tail, "lines from the end; 0 is all")->capture_default_str();
  cli.add_flag("--timestamps", with_times, "with the time of each line");
  try {
    // CLI11 takes its arguments last first.
    cli.parse(std::vector<std::string>(arguments.rbegin(), arguments.rend()));
  } catch (const CLI::ParseError& error) {
    return cli.exit(error) == 0 ? 0 : 2;
  }
  query.data_directory = agent_directory(query.data_directory);
  std::string shown;  // whose output it is, said when it changes
  const auto ok = agent::read_logs(query, [&](const agent::LogLine& line) {
    std::FILE* const out = line.stream == "stderr" ? stderr : stdout;
    if (query.container.empty() && shown != line.container) {
      shown = line.container;
      std::fprintf(stdout, "== %s\n", shown.c_str());
    }
    if (with_times) std::fprintf(out, "%.*s ", static_cast<int>(line.time.size()), line.time.data());
    std::fwrite(line.text.data(), 1, line.text.size(), out);
    if (line.is_whole) std::fputc('\n', out);
  });
  if (ok) return 0;
  std::fprintf(stderr, "fairlead ecs logs: %s\n", ok.error().message.c_str());
  return 1;
}

}  // namespace fl::app
