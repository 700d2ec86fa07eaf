// Limits of a container's memory and its share of the processors, where this process may make control groups: version
// 1, version 2 or both side by side (hybrid). Agent thread and shims; blocking, these are not disks.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "base/result.h"

namespace fl::agent::engine::process {

class Cgroups {
 public:
  // Looks where groups can be made below /sys/fs/cgroup; finding none is no error.
  static Cgroups find(const std::string& root = "/sys/fs/cgroup");

  bool limits_memory() const { return !memory_.empty(); }
  bool shares_cpu() const { return !cpu_.empty(); }

  // Groups for one container: the directories to put its process into. Limits of 0 are none, and no group is made for
  // what cannot be limited here. Errors: a limit the kernel refuses.
  Result<std::vector<std::string>> make(const std::string& id, int64_t memory_bytes, int64_t cpu_shares) const;
  // Fine when they are gone already.
  static void remove(const std::vector<std::string>& groups);

 private:
  bool is_v2_ = false;
  std::string memory_, cpu_;  // directories that hold ours; the same one in version 2
};

// Whether the kernel has killed in the group for want of memory.
bool had_oom_kill(const std::string& group);

}  // namespace fl::agent::engine::process
