#include "app/commands/proxy.h"

#include <sys/resource.h>

#include <cerrno>
#include <cstdio>
#include <cstring>

#include "app/wiring/proxy.h"
#include "base/log.h"
#include "base/strings.h"
#include "config/load_static.h"

namespace fl::app {
namespace {

Result<> configure_log(const config::statics::Log& options) {
  FL_TRY(const log::Level level, log::parse_level(options.level));
  return log::configure({.level = level,
                         .json = to_lower(options.format) == "json",
                         .color = !options.no_color,
                         .file_path = options.file_path,
                         .max_size_mb = static_cast<size_t>(options.max_size),
                         .max_backups = static_cast<size_t>(options.max_backups),
                         .max_age_days = static_cast<size_t>(options.max_age),
                         .compress = options.compress});
}

// As many files as the system allows us: each connection is one, and shells hand out as few as 1,024 at first.
void raise_file_limit() {
  rlimit limit{};
  if (::getrlimit(RLIMIT_NOFILE, &limit) != 0 || limit.rlim_cur == limit.rlim_max) return;
  limit.rlim_cur = limit.rlim_max;
  if (::setrlimit(RLIMIT_NOFILE, &limit) != 0)
    log::warn("cannot raise the limit of open files: {}", std::strerror(errno));
}

}  // namespace

int run_proxy(std::span<const char* const> arguments) {
  config::StaticInput input;
  input.arguments.assign(arguments.begin(), arguments.end());
  input.environment = config::process_environment();
  input.search_path = config::default_search_path(input.environment);
  config::LoadedStatic loaded = config::load_static(input);
  Wiring wiring = wire(loaded);
  for (const config::Issue& issue : loaded.issues) std::fprintf(stderr, "fairlead: %s\n", issue.to_text().c_str());
  if (config::has_errors(loaded.issues)) return 1;
  if (const auto ok = configure_log(loaded.configuration.log); !ok) {
    std::fprintf(stderr, "fairlead: log: %s\n", ok.error().message.c_str());
    return 1;
  }
  raise_file_limit();
  return ProxyProgram(std::move(loaded), std::move(wiring)).run();
}

}  // namespace fl::app
