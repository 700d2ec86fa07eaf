// Trees as the kernel shows them, built in a folder.
#include "telemetry/cgroup_memory.h"

#include <gtest/gtest.h>

#include <filesystem>
#include <fstream>

#include "support/temporary_directory.h"

namespace fl::telemetry {
namespace {

namespace fs = std::filesystem;

class CgroupMemoryTest : public ::testing::Test {
 protected:
  void write(const fs::path& file, const std::string& text) {
    fs::create_directories((folder_ / file).parent_path());
    std::ofstream(folder_ / file) << text;
  }
  std::optional<MemoryUse> read(const std::string& membership) {
    write("membership", membership);
    const auto memory = CgroupMemory::open({.mounts = folder_ / "fs", .membership = folder_ / "membership"});
    return memory ? memory->read() : std::nullopt;
  }

  TemporaryDirectory directory_;
  fs::path folder_ = directory_.path();
};

TEST_F(CgroupMemoryTest, Version2CountsWithoutInactiveFilePages) {
  write("fs/cgroup.controllers", "cpu memory\n");
  write("fs/a/b/memory.current", "900\n");
  write("fs/a/b/memory.max", "1000\n");
  write("fs/a/b/memory.stat", "anon 600\ninactive_file 250\nactive_file 50\n");
  const auto use = read("0::/a/b\n");
  ASSERT_TRUE(use);
  EXPECT_EQ(use->used, 650);
  EXPECT_EQ(use->limit, 1000);
}

TEST_F(CgroupMemoryTest, TheGroupNearestToItsLimitCounts) {
  write("fs/cgroup.controllers", "memory\n");
  write("fs/a/memory.current", "790\n");
  write("fs/a/memory.max", "1000\n");
  write("fs/a/memory.stat", "inactive_file 0\n");
  write("fs/a/b/memory.current", "100\n");
  write("fs/a/b/memory.max", "max\n");
  const auto use = read("1:name=systemd:/elsewhere\n0::/a/b\n");
  ASSERT_TRUE(use);
  EXPECT_EQ(use->used, 790);
}

TEST_F(CgroupMemoryTest, InAContainerTheMountMayBeginAtOurGroup) {
  write("fs/memory/memory.usage_in_bytes", "10\n");
  write("fs/memory/memory.limit_in_bytes", "1000\n");
  const auto use = read("4:cpu,memory:/docker/0123\n0::/\n");
  ASSERT_TRUE(use);
  EXPECT_EQ(use->used, 10);
  EXPECT_EQ(use->limit, 1000);
}

TEST_F(CgroupMemoryTest, WithoutALimitThereIsNothingToWatch) {
  EXPECT_FALSE(read(""));
  EXPECT_FALSE(read("0::/\n"));
  write("fs/memory/memory.usage_in_bytes", "10\n");
  write("fs/memory/memory.limit_in_bytes", "9223372036854771712\n");
  EXPECT_FALSE(read("4:memory:/\n"));
  write("fs/memory/memory.limit_in_bytes", "nonsense\n");
  EXPECT_FALSE(read("4:memory:/\n"));
}

}  // namespace
}  // namespace fl::telemetry
