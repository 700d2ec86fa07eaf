#include "net/file_watcher.h"

#include <gtest/gtest.h>

#include <filesystem>
#include <fstream>

#include "net/loop.h"
#include "support/temporary_directory.h"

namespace fl::net {
namespace {

namespace fs = std::filesystem;

class FileWatcherTest : public ::testing::Test {
 protected:
  FileWatcherTest() {
    fs::create_directory(folder_ / "sub");
    write("sub/file");
    loop_.make_current();
  }

  void write(const fs::path& file) { std::ofstream(folder_ / file) << "x"; }
  void watch(const fs::path& file) {
    Watched watched;
    watched.add_path(folder_ / file);
    ASSERT_TRUE(watcher_.watch(watched));
  }
  // Until something was told.
  void wait() {
    while (changes_ == 0) loop_.turn(true);
    changes_ = 0;
  }

  TemporaryDirectory directory_;
  fs::path folder_ = fs::canonical(directory_.path());
  Loop loop_;
  int changes_ = 0;
  FileWatcher watcher_{loop_, [this] { ++changes_; }};
};

TEST_F(FileWatcherTest, TellsOfEveryWayToChangeAFile) {
  watch("sub/file");
  write("sub/file");
  wait();
  write("sub/new");
  fs::rename(folder_ / "sub/new", folder_ / "sub/file");
  wait();
  fs::remove(folder_ / "sub/file");
  wait();
  fs::rename(folder_ / "sub", folder_ / "gone");
  wait();
}

TEST_F(FileWatcherTest, ALinkOnTheWayMayBeSwapped) {
  fs::create_directory_symlink("sub", folder_ / "link");
  watch("link/file");
  fs::create_directory(folder_ / "other");
  fs::create_directory_symlink("other", folder_ / "new");
  fs::rename(folder_ / "new", folder_ / "link");
  wait();
}

TEST_F(FileWatcherTest, WhatNeighboursDoFillsManyReads) {
  watch("sub/file");
  for (int i = 0; i < 2000; ++i) write("sub/beside-" + std::to_string(i));
  loop_.turn(false);
  EXPECT_EQ(changes_, 0);
  write("sub/file");
  wait();
}

TEST(WatchedTest, OnlyTheLastDirectoryHoldsFiles) {
  Watched watched;
  watched.add_path("/proc/none/file");
  EXPECT_FALSE(watched.directories.at("/").files);
  EXPECT_FALSE(watched.directories.at("/proc").files);
  EXPECT_EQ(watched.directories.at("/proc").names.count("none"), 1);
  EXPECT_TRUE(watched.directories.at("/proc/none").files);
}

}  // namespace
}  // namespace fl::net
