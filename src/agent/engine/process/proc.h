// Processes as the kernel tells of them: who a pid is, and a descriptor that stays true to it. Agent thread and shims.
#pragma once

#include <sys/types.h>

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "base/result.h"

namespace fl::agent::engine::process {

// A pid and when it began: pids are used again, pairs are not.
struct ProcessId {
  pid_t pid = 0;
  uint64_t start_time = 0;  // ticks since boot, field 22 of /proc/PID/stat
  bool operator==(const ProcessId&) const = default;
};

// nullopt when there is no such process, or only its zombie.
std::optional<ProcessId> identify(pid_t pid);

// A descriptor of that very process; -1 when it has gone.
int open_pidfd(const ProcessId& process);
// False when the process has gone.
bool send_signal(int pidfd, int signal);
// Whether the process of the descriptor has ended.
bool has_ended(int pidfd);

struct ProcessUsage {
  uint64_t cpu_ns = 0;
  uint64_t memory_bytes = 0;
};
std::optional<ProcessUsage> usage_of(pid_t pid);

// "SIGTERM", "TERM", "15"; nullopt when it is none.
std::optional<int> parse_signal(std::string_view text);

// ---- small files, written whole or not at all
Result<std::string> read_file(const std::string& path);
// Outlives us, but perhaps not the machine's power: for what tells of processes, which do not outlive that either.
Result<> write_file(const std::string& path, std::string_view text, mode_t mode = 0600);
// Is on the disk when it returns; takes milliseconds.
Result<> write_durable_file(const std::string& path, std::string_view text, mode_t mode = 0600);

}  // namespace fl::agent::engine::process
