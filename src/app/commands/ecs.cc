#include "app/commands/ecs.h"

#include <unistd.h>

#include <CLI/CLI.hpp>
#include <cstdio>
#include <cstdlib>
#include <optional>
#include <string>
#include <vector>

#include "app/commands/ecs_logs.h"
#include "app/commands/ecs_status.h"
#include "app/wiring/control_plane_environment.h"
#include "aws/ecs_client.h"
#include "config/load_static.h"
#include "net/loop.h"
#include "net/resolver.h"

namespace fl::app {
namespace {

constexpr const char* kLocalEndpoint = "http://127.0.0.1:4566";  // where `fairlead control` listens when not told

// The settings of the environment: Amazon's where it has keys and no endpoint, else those of a control plane.
aws::FixedEnvironment settings_for(std::string endpoint, const std::string& region) {
  auto variables = config::process_environment();
  const auto is_set = [&variables](const char* name) { return !variables[name].empty(); };
  const bool asks_amazon = endpoint.empty() && !is_set("AWS_ENDPOINT_URL") && is_set("AWS_ACCESS_KEY_ID");
  if (endpoint.empty() && !is_set("AWS_ENDPOINT_URL") && !asks_amazon) endpoint = kLocalEndpoint;
  if (!region.empty())
    variables["AWS_REGION"] = region;
  else if (!asks_amazon && !is_set("AWS_REGION") && !is_set("AWS_DEFAULT_REGION"))
    variables["AWS_REGION"] = "us-east-1";
  return control_plane_environment(variables, endpoint);
}

int show_status(const aws::Environment& environment, const std::string& cluster) {
  net::Loop loop;
  loop.make_current();
  net::Resolver resolver(loop);
  const auto roots = tls::ClientContext::create({});
  http::Fetcher fetcher(loop, resolver, roots ? *roots : nullptr);
  std::optional<Result<std::vector<ClusterStatus>>> found;
  const auto ask = [&]() -> net::Task<> {
    auto client = co_await aws::EcsClient::create(fetcher, environment, {});
    if (client)
      found = co_await gather_status(**client, cluster);
    else
      found = tl::make_unexpected(client.error());
    loop.stop();
  };
  net::spawn(ask());
  loop.run();
  if (!*found) {
    std::fprintf(stderr, "fairlead ecs status: %s\n", found->error().message.c_str());
    return 1;
  }
  const std::string text = status_text(**found, loop.wall(), ::isatty(STDOUT_FILENO) != 0);
  std::fwrite(text.data(), 1, text.size(), stdout);
  return 0;
}

}  // namespace

int run_ecs(std::span<const char* const> arguments) {
  const std::string_view command = arguments.empty() ? "" : arguments[0];
  if (command == "logs") return run_ecs_logs(arguments.subspan(1));
  if (!command.empty() && command[0] != '-' && command != "status") {
    std::fprintf(stderr, "fairlead ecs: command not found: %s\nfairlead ecs --help lists the commands.\n",
                 arguments[0]);
    return 2;
  }
  std::string endpoint, region, cluster;
  CLI::App cli("Looks at a control plane through its ECS API.", "fairlead ecs");
  cli.require_subcommand(1);
  cli.add_subcommand("logs", "what a task's containers wrote, as the agent on this machine keeps it");
  auto* status = cli.add_subcommand("status", "clusters, instances, services and tasks as a table");
  status->add_option("--cluster", cluster, "this cluster only; else all");
  status->add_option(
      "--endpoint", endpoint,
      std::string("URL of the API; else AWS_ENDPOINT_URL, Amazon with AWS_ACCESS_KEY_ID, or ") + kLocalEndpoint);
  status->add_option("--region", region, "else AWS_REGION, or us-east-1 of a control plane that is not Amazon's");
  try {
    // CLI11 takes its arguments last first.
    cli.parse(std::vector<std::string>(arguments.rbegin(), arguments.rend()));
  } catch (const CLI::ParseError& error) {
    return cli.exit(error) == 0 ? 0 : 2;
  }
  return show_status(settings_for(endpoint, region), cluster);
}

}  // namespace fl::app
