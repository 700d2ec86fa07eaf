#include "telemetry/cgroup.h"

#include <algorithm>
#include <filesystem>
#include <fstream>
#include <system_error>

#include "base/strings.h"

namespace fl::telemetry {
namespace {

// The path of our group in the hierarchy of `controller`; version 2's has no name. A line is "id:controllers:path".
std::optional<std::string> path_in(const std::string& membership, std::string_view controller) {
  std::ifstream in(membership);
  for (std::string line; std::getline(in, line);) {
    const size_t first = line.find(':'), second = line.find(':', first + 1);
    if (second == line.npos) continue;
    const auto controllers = split(std::string_view(line).substr(first + 1, second - first - 1), ',');
    if (std::ranges::find(controllers, controller) != controllers.end()) return line.substr(second + 1);
  }
  return std::nullopt;
}

// nullopt: the group has no quota. Version 1 says so by -1, version 2 by "max".
std::optional<double> cpu_limit_of(const std::string& group, bool v2) {
  std::ifstream quota_file(group + (v2 ? "/cpu.max" : "/cpu.cfs_quota_us"));
  double quota = 0, period = 0;
  if (!(quota_file >> quota) || quota <= 0) return std::nullopt;
  if (v2)
    quota_file >> period;
  else
    std::ifstream(group + "/cpu.cfs_period_us") >> period;
  return period > 0 ? std::optional(quota / period) : std::nullopt;
}

}  // namespace

ControlGroups control_groups(std::string_view controller, const CgroupPaths& paths) {
  namespace fs = std::filesystem;
  std::error_code error;
  ControlGroups groups{.v2 = fs::exists(paths.mounts + "/cgroup.controllers", error), .folders = {}};
  const fs::path root = groups.v2 ? fs::path(paths.mounts) : fs::path(paths.mounts) / controller;
  const auto path = path_in(paths.membership, groups.v2 ? "" : controller);
  if (!path) return groups;
  // In a container the mount often begins at our own group, whose path is then one of the host's.
  fs::path group = root / fs::path(*path).relative_path();
  if (!fs::exists(group, error)) group = root;
  for (;; group = group.parent_path()) {
    groups.folders.push_back(group.string());
    if (group == root || !group.has_relative_path()) break;
  }
  return groups;
}

std::optional<double> cgroup_cpu_limit(const CgroupPaths& paths) {
  const ControlGroups groups = control_groups("cpu", paths);
  std::optional<double> least;
  for (const std::string& group : groups.folders)
    if (const auto limit = cpu_limit_of(group, groups.v2)) least = std::min(*limit, least.value_or(*limit));
  return least;
}

}  // namespace fl::telemetry
