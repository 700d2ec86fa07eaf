// Which engine an agent uses: the one it was told to, or the best that is there. Agent thread, at start.
#pragma once

#include <memory>
#include <string>

#include "agent/engine/engine.h"
#include "agent/engine/process/process_engine.h"
#include "http/fetch.h"
#include "net/loop.h"
#include "net/task.h"

namespace fl::agent::engine {

struct ChooseOptions {
  std::string wanted = "auto";  // auto, docker, podman, process
  std::string docker_host;      // "unix:///run/docker.sock" or a path; empty: the usual places
  ProcessEngineOptions process;
};

// The engine, not yet open; its facts say why it is this one. Errors: the wanted one does not answer, or is none.
net::Task<Result<std::unique_ptr<Engine>>> choose(net::Loop& loop, http::Fetcher& fetcher, ChooseOptions options);

}  // namespace fl::agent::engine
