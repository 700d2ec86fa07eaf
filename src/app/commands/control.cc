#include "app/commands/control.h"

#include <fmt/core.h>

#include <algorithm>
#include <csignal>
#include <cstdio>
#include <string_view>

#include "app/signals.h"
#include "base/log.h"
#include "config/command_options.h"
#include "config/load_static.h"
#include "config/static/control.h"
#include "control/control.h"

namespace fl::app {
namespace {

constexpr std::initializer_list<int> kSignals{SIGINT, SIGTERM, SIGHUP};

int print_help() {
  fmt::print(
      "fairlead control: a control plane that answers AWS clients as Amazon ECS does\n\n"
      "  fairlead control --data=./state &\n"
      "  export AWS_ENDPOINT_URL=http://127.0.0.1:4566 AWS_DEFAULT_REGION=us-east-1\n"
      "  export AWS_ACCESS_KEY_ID=any AWS_SECRET_ACCESS_KEY=any\n"
      "  aws ecs create-cluster\n\n"
      "Every region that a client names is served, and regions see nothing of each other. To be reached from other\n"
      "machines it wants --auth=keys and a file of keys:\n\n"
      "  keys:\n"
      "    - access-key-id: AKIAIOSFODNN7EXAMPLE\n"
      "      secret-access-key: wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY\n"
      "      account-id: \"111122223333\"   # --account-id when it is left out\n"
      "      user: alice                  # the account's root when it is left out\n\n{}",
      config::command_help("control", config::type_of<config::statics::Control>));
  return 0;
}

}  // namespace

int run_control(std::span<const char* const> arguments) {
  const auto asks_for_help = [](std::string_view a) { return a == "--help" || a == "-h"; };
  if (std::ranges::any_of(arguments, asks_for_help)) return print_help();

  config::statics::Control options;
  auto issues = config::load_command_options(
      {"control", {arguments.begin(), arguments.end()}, config::process_environment()}, options);
  if (!config::has_errors(issues)) issues = control::check_options(options);
  for (const config::Issue& issue : issues) std::fprintf(stderr, "fairlead control: %s\n", issue.to_text().c_str());
  if (config::has_errors(issues)) return 1;

  Signals::block(kSignals);
  net::Loop loop;
  loop.make_current();
  if (const auto level = log::parse_level(options.log_level); level)
    if (const auto set = log::configure({.level = *level}); !set) return 1;
  auto started = control::ControlPlane::start(options);
  if (!started) {
    std::fprintf(stderr, "fairlead control: %s\n", started.error().message.c_str());
    return 1;
  }
  control::ControlPlane& plane = **started;
  Signals signals(loop, kSignals, [&](int signal) {
    if (signal != SIGHUP) return loop.stop();
    if (const auto read = plane.reload_keys(); !read)
      log::error("control: the old keys stay: {}", read.error().message);
    else
      log::info("control: keys read again");
  });
  loop.run();
  log::info("control: stopping");
  plane.stop();
  return 0;
}

}  // namespace fl::app
