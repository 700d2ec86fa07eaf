// Trees as the kernel shows them, built in a folder.
#include "telemetry/cgroup.h"

#include <gtest/gtest.h>

#include <filesystem>
#include <fstream>
#include <map>

#include "support/temporary_directory.h"

namespace fl::telemetry {
namespace {

namespace fs = std::filesystem;

struct Case {
  const char* name;
  std::map<std::string, std::string> files;
  const char* membership;
  std::optional<double> limit;
};

const Case kCases[] = {
    {"version 2", {{"cgroup.controllers", "cpu"}, {"a/cpu.max", "150000 100000"}}, "0::/a\n", 1.5},
    {"none", {{"cgroup.controllers", "cpu"}, {"a/cpu.max", "max 100000"}}, "0::/a\n", std::nullopt},
    {"the tightest around us",
     {{"cgroup.controllers", "cpu"}, {"a/cpu.max", "50000 100000"}, {"a/b/cpu.max", "400000 100000"}},
     "0::/a/b\n",
     0.5},
    {"a mount that begins at our group",
     {{"cgroup.controllers", "cpu"}, {"cpu.max", "200000 100000"}},
     "0::/docker/0123\n",
     2.0},
    {"version 1",
     {{"cpu/a/cpu.cfs_quota_us", "300000"}, {"cpu/a/cpu.cfs_period_us", "100000"}},
     "4:cpu,cpuacct:/a\n3:memory:/\n",
     3.0},
    {"version 1 without",
     {{"cpu/a/cpu.cfs_quota_us", "-1"}, {"cpu/a/cpu.cfs_period_us", "100000"}},
     "4:cpu,cpuacct:/a\n",
     std::nullopt},
    {"nonsense", {{"cgroup.controllers", "cpu"}, {"cpu.max", "much"}}, "0::/\n", std::nullopt},
    {"a period of nothing", {{"cgroup.controllers", "cpu"}, {"cpu.max", "1 0"}}, "0::/\n", std::nullopt},
    {"nothing at all", {}, "", std::nullopt},
};

TEST(CgroupCpuLimit, Cases) {
  for (const Case& c : kCases) {
    const TemporaryDirectory directory;
    const fs::path folder = directory.path();
    for (const auto& [file, text] : c.files) {
      fs::create_directories((folder / "fs" / file).parent_path());
      std::ofstream(folder / "fs" / file) << text << '\n';
    }
    std::ofstream(folder / "membership") << c.membership;
    EXPECT_EQ(cgroup_cpu_limit({.mounts = folder / "fs", .membership = folder / "membership"}), c.limit) << c.name;
  }
}

}  // namespace
}  // namespace fl::telemetry
