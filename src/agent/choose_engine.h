// Which engine an agent uses: the one it was told to, or the best that is there. Agent thread, at start.
#pragma once

#include <memory>
#include <string>

#include "agent/engine/docker/docker_engine.h"
#include "agent/engine/engine.h"
#include "agent/engine/process/process_engine.h"
#include "http/fetch.h"
#include "net/loop.h"
#include "net/task.h"

namespace fl::agent {

struct EngineChoice {
  std::string wanted = "auto";  // auto, docker, podman, process
  std::string docker_host;      // "unix:///run/docker.sock" or a path; empty: the usual places
  engine::ProcessEngineOptions process;
  engine::DockerEngineOptions docker;
};

// The engine, not yet open; its facts say why it is this one. Errors: the wanted one does not answer, or is none.
net::Task<Result<std::unique_ptr<engine::Engine>>> choose_engine(net::Loop& loop, http::Fetcher& fetcher,
                                                                 EngineChoice choice);

}  // namespace fl::agent
