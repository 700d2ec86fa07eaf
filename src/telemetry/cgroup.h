// The control groups this process is in, of version 2 or 1 (cgroups(7)), and the CPU they allow it. Any thread.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace fl::telemetry {

// Where to look; for tests.
struct CgroupPaths {
  std::string mounts = "/sys/fs/cgroup";
  std::string membership = "/proc/self/cgroup";
};

struct ControlGroups {
  bool v2 = true;
  std::vector<std::string> folders;  // our own group's and those around it, outwards; empty: none can be seen
};

// As `controller` ("cpu", "memory") has them.
ControlGroups control_groups(std::string_view controller, const CgroupPaths& paths = {});

// Cores that the tightest quota around this process allows, such as 0.5. nullopt: none is set.
std::optional<double> cgroup_cpu_limit(const CgroupPaths& paths = {});

}  // namespace fl::telemetry
