#include "app/commands/dev.h"

#include <fmt/core.h>

#include <algorithm>
#include <csignal>
#include <cstdio>
#include <cstdlib>
#include <string>
#include <string_view>
#include <vector>

#include "app/signals.h"
#include "app/wiring/agent_thread.h"
#include "app/wiring/proxy.h"
#include "app/wiring/wire.h"
#include "base/log.h"
#include "config/command_options.h"
#include "config/load_static.h"
#include "config/static/control.h"
#include "config/static/dev.h"
#include "control/control.h"

namespace fl::app {
namespace {

using config::statics::Dev;

constexpr std::string_view kAbout =
    "fairlead dev: an ECS of your own with its load balancer, in one process\n\n"
    "  fairlead dev &\n"
    "  export AWS_ENDPOINT_URL=http://127.0.0.1:4566 AWS_DEFAULT_REGION=us-east-1\n"
    "  export AWS_ACCESS_KEY_ID=any AWS_SECRET_ACCESS_KEY=any\n"
    "  aws ecs register-task-definition --cli-input-json file://web.json\n"
    "  aws ecs create-service --service-name web --task-definition web --desired-count 2\n"
    "  fairlead ecs status\n\n"
    "The proxy takes its routes from the containers' docker labels. What stands after -- goes to it as its own flags:\n"
    "  fairlead dev -- --entryPoints.websecure.address=:8443\n"
    "Ctrl-C lets running requests end, stops the tasks and keeps the state: a second start resumes.\n\n";

int failed(std::string_view what) {
  fmt::print(stderr, "fairlead dev: {}\n", what);
  return 1;
}

// The proxy as a person would start it beside a control plane.
config::StaticInput proxy_input(const Dev& options, std::span<const char* const> more) {
  config::StaticInput input;
  const auto flag = [&input](std::string_view name, std::string_view value) {
    input.arguments.push_back(fmt::format("--{}={}", name, value));
  };
  flag("entryPoints.web.address", options.web);
  flag("entryPoints.traefik.address", options.dashboard);
  flag("api.insecure", "true");
  flag("ping", "true");
  flag("log.level", options.log_level);
  flag("providers.ecs.region", options.region);
  flag("providers.ecs.accessKeyID", "dev");
  flag("providers.ecs.secretAccessKey", "dev");
  flag("providers.ecs.autoDiscoverClusters", "true");
  flag("providers.ecs.refreshSeconds", "2");  // how soon a new cluster is found; what is in one is told at once
  flag("providers.providersThrottleDuration", "50ms");  // deployments here are watched, not polled
  input.arguments.insert(input.arguments.end(), more.begin(), more.end());
  return input;
}

config::statics::Control control_options(const Dev& options) {
  config::statics::Control control;
  control.address = options.address;
  control.data = options.data + "/control";
  control.region = options.region;
  control.drain_delay = 2s;  // the proxy's throttle is 50 ms
  return control;
}

config::statics::Agent agent_options(const Dev& options, const std::string& endpoint) {
  config::statics::Agent agent;
  agent.cluster = options.cluster;
  agent.endpoint = endpoint;
  agent.region = options.region;
  agent.data = options.data + "/agent";
  agent.engine = options.engine;
  agent.external = true;  // as on ECS Anywhere: no EC2 API is asked about this machine
  agent.stop_tasks = true;
  return agent;
}

}  // namespace

int run_dev(std::span<const char* const> arguments) {
  const auto rest = std::ranges::find(arguments, std::string_view("--"),
                                      [](const char* argument) { return std::string_view(argument); });
  const std::vector<std::string> own(arguments.begin(), rest);
  const std::span<const char* const> more(rest == arguments.end() ? rest : rest + 1, arguments.end());
  if (std::ranges::any_of(own, [](const std::string& a) { return a == "--help" || a == "-h"; })) {
    fmt::print("{}{}", kAbout, config::command_help("dev", config::type_of<Dev>));
    return 0;
  }
  Dev options;
  const auto issues = config::load_command_options({"dev", own, config::process_environment()}, options);
  for (const config::Issue& issue : issues) failed(issue.to_text());
  if (config::has_errors(issues)) return 1;
  const auto level = log::parse_level(options.log_level);
  if (!level) return failed(level.error().message);
  if (const auto ok = log::configure({.level = *level}); !ok) return failed(ok.error().message);

  Signals::block({SIGINT, SIGTERM, SIGHUP, SIGUSR1});
  const config::statics::Control control = control_options(options);
  if (const auto mistakes = control::check_options(control); config::has_errors(mistakes))
    return failed(config::to_text(mistakes));
  const std::string endpoint = "http://" + options.address;
  ::setenv("AWS_ENDPOINT_URL", endpoint.c_str(), 1);  // of the proxy's ECS provider; there is no other thread yet
  auto plane = control::ControlPlane::start(control);
  if (!plane) return failed(plane.error().message);

  config::LoadedStatic loaded = config::load_static(proxy_input(options, more));
  Wiring wiring = wire(loaded);
  for (const config::Issue& issue : loaded.issues) failed(issue.to_text());
  if (config::has_errors(loaded.issues)) return 1;

  AgentThread agent(agent_options(options, endpoint), config::process_environment());
  fmt::print(
      "ECS API    {}   (AWS_ENDPOINT_URL)\nproxy      http://{}/\ndashboard  http://{}/dashboard/\nstate      {}\n",
      endpoint, options.web, options.dashboard, options.data);
  std::fflush(stdout);
  const int status = ProxyProgram(std::move(loaded), std::move(wiring)).run();
  if (const auto ended = agent.stop(); !ended) return failed(ended.error().message);
  (*plane)->stop();
  return status;
}

}  // namespace fl::app
