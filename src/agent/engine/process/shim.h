// `fairlead container-shim`: the parent of one container of the process engine, a program of its own so that the
// container and its output outlive the agent. One thread, no event loop; lives a moment longer than the container.
//
//   read DIR/spec.json -> start -> DIR/state.json, "started" to fd 3 -> output into the log until the process ends
//     -> the rest of its processes killed -> DIR/exit.json -> gone
//
// The container dies with the shim (PR_SET_PDEATHSIG) and its descendants with it (the shim is their reaper), so
// nothing is ever left that nobody knows of.
// From the agent it has the container's lock (start_lock.h), which it holds to its end.
#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "agent/engine/process/proc.h"
#include "base/result.h"
#include "base/time.h"

namespace fl::agent::engine::process {

struct ResourceLimit {
  int resource = 0;  // RLIMIT_...
  uint64_t soft = 0, hard = 0;
};

// What a container's process is made of: spec.json.
struct LaunchSpec {
  std::vector<std::string> arguments;    // [0] is looked for in the environment's PATH
  std::vector<std::string> environment;  // "NAME=value"
  std::string directory, hostname;
  std::string user;  // "name", "uid", "uid:gid"; empty: ours
  std::vector<ResourceLimit> limits;
  std::vector<std::string> cgroups;  // directories whose cgroup.procs the process is put into
  std::string log_path;
  uint64_t log_max_bytes = 0;
  int log_max_files = 0;
};
std::string encode(const LaunchSpec& spec);
Result<LaunchSpec> decode_launch_spec(std::string_view text);

// state.json
struct LaunchState {
  ProcessId process, shim;
  WallTime started_at;
};
// exit.json
struct LaunchExit {
  int code = 0;
  bool out_of_memory = false;
  WallTime at;
};
Result<LaunchState> read_state(const std::string& directory);
Result<LaunchExit> read_exit(const std::string& directory);

// `arguments`: "run" DIR, or "exec" DIR COMMAND...: a command in the surroundings of the container, in place of this
// process. -> exit code
int run_shim(std::span<const char* const> arguments);

inline constexpr int kReadyFd = 3;  // where "started" or the reason of a failure is written
inline constexpr int kLockFd = 4;   // the container's StartLock

}  // namespace fl::agent::engine::process
