// How much of the memory that its control groups allow is in use: whoever goes over the limit is killed by the kernel.
// Version 2 and version 1; the thread that made it.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "telemetry/cgroup.h"

namespace fl::telemetry {

struct MemoryUse {
  uint64_t used = 0;   // bytes, without file pages that the kernel would drop first
  uint64_t limit = 0;  // bytes
  double share() const { return static_cast<double>(used) / static_cast<double>(limit); }
};

class CgroupMemory {
 public:
  // nullopt: nothing limits this process.
  static std::optional<CgroupMemory> open(const CgroupPaths& paths = {});

  // Of the group that is nearest to its limit, our own or one around it. nullopt: no limit is left, or nothing can be
  // read.
  std::optional<MemoryUse> read() const;

 private:
  struct Names {
    const char *used, *limit, *cache;
  };
  CgroupMemory(const Names& names, std::vector<std::string> groups) : names_(names), groups_(std::move(groups)) {}

  Names names_;
  std::vector<std::string> groups_;  // folders, from our own outwards
};

}  // namespace fl::telemetry
