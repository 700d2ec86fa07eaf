#include "telemetry/cgroup_memory.h"

#include <unistd.h>

#include <algorithm>
#include <fstream>
#include <string_view>
#include <utility>

#include "base/strings.h"

namespace fl::telemetry {
namespace {

// Below this share of the limit what is cache does not matter, and the longer file that tells is not read.
constexpr double kCacheMatters = 0.7;

// "max", and version 1's largest number of pages: no limit. So is more than the machine has.
uint64_t real_limit(std::string_view text) {
  static const uint64_t memory =
      static_cast<uint64_t>(::sysconf(_SC_PHYS_PAGES)) * static_cast<uint64_t>(::sysconf(_SC_PAGESIZE));
  const auto limit = parse_uint(text);
  return limit && *limit < memory ? *limit : 0;
}

std::string read_line(const std::string& path) {
  std::string line;
  std::ifstream in(path);
  std::getline(in, line);
  return line;
}

// Value of a line "key value".
uint64_t read_value(const std::string& path, std::string_view key) {
  std::ifstream in(path);
  std::string name;
  uint64_t value = 0;
  while (in >> name >> value)
    if (name == key) return value;
  return 0;
}

}  // namespace

std::optional<CgroupMemory> CgroupMemory::open(const CgroupPaths& paths) {
  ControlGroups groups = control_groups("memory", paths);
  const Names names = groups.v2 ? Names{"memory.current", "memory.max", "inactive_file"}
                                : Names{"memory.usage_in_bytes", "memory.limit_in_bytes", "total_inactive_file"};
  CgroupMemory memory(names, std::move(groups.folders));
  if (!memory.read()) return std::nullopt;
  return memory;
}

std::optional<MemoryUse> CgroupMemory::read() const {
  std::optional<MemoryUse> worst;
  for (const std::string& group : groups_) {
    const uint64_t limit = real_limit(read_line(group + '/' + names_.limit));
    const auto used = parse_uint(read_line(group + '/' + names_.used));
    if (limit == 0 || !used) continue;
    MemoryUse use{.used = *used, .limit = limit};
    if (use.share() >= kCacheMatters) use.used -= std::min(use.used, read_value(group + "/memory.stat", names_.cache));
    if (!worst || use.share() > worst->share()) worst = use;
  }
  return worst;
}

}  // namespace fl::telemetry
