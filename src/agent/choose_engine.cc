#include "agent/engine/choose.h"

#include <fmt/format.h>

namespace fl::agent::engine {

net::Task<Result<std::unique_ptr<Engine>>> choose(net::Loop& loop, http::Fetcher&, ChooseOptions options) {
  if (options.wanted == "process" || options.wanted == "auto") {
    options.process.why = options.wanted == "process" ? "as told" : "no container engine is used";
    co_return std::make_unique<ProcessEngine>(loop, std::move(options.process));
  }
  co_return fail(Code::invalid, fmt::format("engine: \"{}\" is none of auto, docker, podman, process", options.wanted));
}

}  // namespace fl::agent::engine
