#include "agent/engine/engine.h"

#include <array>

namespace fl::agent::engine {
namespace {
constexpr std::array<std::string_view, 4> kModes{"bridge", "host", "none", "awsvpc"};
}

std::string_view to_text(NetworkMode mode) { return kModes[static_cast<size_t>(mode)]; }

std::optional<NetworkMode> parse_network_mode(std::string_view text) {
  if (text.empty() || text == "default") return NetworkMode::bridge;  // ECS's default on Linux
  for (size_t i = 0; i < kModes.size(); ++i)
    if (kModes[i] == text) return static_cast<NetworkMode>(i);
  return std::nullopt;
}

Engine::Call<> Engine::end_task(std::string) { co_return Result<>(); }

Engine::Call<std::vector<std::string>> Engine::kept_tasks() { co_return std::vector<std::string>(); }

}  // namespace fl::agent::engine
