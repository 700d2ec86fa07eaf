#include "agent/choose_engine.h"

#include <fmt/format.h>
#include <unistd.h>

#include <vector>

namespace fl::agent {
namespace {

// Where the engines' sockets usually are; both answer the same API, /version tells them apart.
std::vector<std::string> sockets(const EngineChoice& choice) {
  if (!choice.docker_host.empty()) {
    const std::string_view host = choice.docker_host;
    return {std::string(host.starts_with("unix://") ? host.substr(7) : host)};
  }
  return {"/run/docker.sock", "/var/run/docker.sock", "/run/podman/podman.sock",
          fmt::format("/run/user/{}/podman/podman.sock", ::getuid())};
}

}  // namespace

net::Task<Result<std::unique_ptr<engine::Engine>>> choose_engine(net::Loop& loop, http::Fetcher& fetcher,
                                                                 EngineChoice choice) {
  const bool is_auto = choice.wanted == "auto";
  if (!is_auto && choice.wanted != "docker" && choice.wanted != "podman" && choice.wanted != "process")
    co_return fail(Code::invalid,
                   fmt::format("engine: \"{}\" is none of auto, docker, podman, process", choice.wanted));
  std::string tried;
  if (choice.wanted != "process")
    for (const std::string& path : sockets(choice)) {
      const auto version = co_await docker::Client(fetcher, path).version();
      if (version && (is_auto || version->engine == choice.wanted)) {
        choice.docker.why = fmt::format("{} at {}", is_auto ? "it answers" : "as told,", path);
        co_return std::make_unique<engine::DockerEngine>(loop, fetcher, path, *version, std::move(choice.docker));
      }
      tried += fmt::format("{}{}: {}", tried.empty() ? "" : "; ", path,
                           version ? "it is " + version->engine : version.error().message);
    }
  if (!is_auto && choice.wanted != "process")
    co_return fail(Code::unavailable, fmt::format("no {} answers: {}", choice.wanted, tried));
  choice.process.why = is_auto ? "no docker or podman answers" : "as told";
  co_return std::make_unique<engine::ProcessEngine>(loop, std::move(choice.process));
}

}  // namespace fl::agent
