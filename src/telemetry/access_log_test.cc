#include "telemetry/access_log.h"

#include <fcntl.h>
#include <gtest/gtest.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <filesystem>
#include <fstream>
#include <set>
#include <thread>

#include "base/strings.h"

namespace fl::telemetry {
namespace {

namespace fs = std::filesystem;

class TestClock final : public Clock {
 public:
  TimePoint now() const override { return TimePoint(1s) + elapsed; }
  WallTime wall() const override { return WallTime(elapsed); }
  Duration elapsed{};
};

class AccessLogTest : public ::testing::Test {
 protected:
  AccessLogTest() {
    std::string name = fs::temp_directory_path() / "fl_access_log_XXXXXX";
    folder = ::mkdtemp(name.data());
    record.method = "GET";
    record.path = "/";
    record.status = 200;
  }
  ~AccessLogTest() override { fs::remove_all(folder); }

  std::unique_ptr<AccessLog> open(const std::string& path) {
    auto log = AccessLog::open(loop, {.file_path = path}, counter);
    EXPECT_TRUE(log) << log.error().message;
    return *std::move(log);
  }
  void pass(Duration d) {
    clock.elapsed += d;
    loop.turn(false);
  }

  static std::string read(const fs::path& path) {
    std::ifstream in(path, std::ios::binary);
    return {std::istreambuf_iterator<char>(in), {}};
  }
  static size_t lines(const fs::path& path) {
    const std::string text = read(path);
    return static_cast<size_t>(std::ranges::count(text, '\n'));
  }

  fs::path folder;
  TestClock clock;
  net::Loop loop{clock};
  RequestCounter counter{0};
  RequestRecord record;
};

TEST_F(AccessLogTest, WrittenWithinTenMilliseconds) {
  const auto path = folder / "deep" / "er" / "access.log";
  const auto log = open(path);
  log->write(record);
  log->write(record);
  pass(5ms);
  EXPECT_EQ(lines(path), 0u);
  pass(6ms);
  EXPECT_EQ(lines(path), 2u);
  log->write(record);
  pass(11ms);
  EXPECT_EQ(lines(path), 3u);
}

TEST_F(AccessLogTest, WrittenAtOnceWhenMuchIsThere) {
  const auto path = folder / "access.log";
  const auto log = open(path);
  while (lines(path) == 0) log->write(record);
  EXPECT_GE(fs::file_size(path), 32u << 10);
}

TEST_F(AccessLogTest, ReopenAfterRotation) {
  const auto path = folder / "access.log", old = folder / "access.log.1";
  {
    const auto log = open(path);
    log->write(record);
    fs::rename(path, old);
    log->reopen();
    log->write(record);
    log->write(record);
  }
  EXPECT_EQ(lines(old), 1u);
  EXPECT_EQ(lines(path), 2u);
}

TEST_F(AccessLogTest, OldFileStaysWhenReopenFails) {
  const auto path = folder / "access.log", old = folder / "access.log.1";
  {
    const auto log = open(path);
    fs::rename(path, old);
    fs::create_directory(path);
    log->reopen();
    log->write(record);
  }
  EXPECT_EQ(lines(old), 1u);
}

TEST_F(AccessLogTest, CannotBeOpened) {
  const auto log = AccessLog::open(loop, {.file_path = folder}, counter);
  ASSERT_FALSE(log);
  EXPECT_TRUE(log.error().message.contains(folder.native())) << log.error().message;
}

// What is not logged is not numbered either; what the filters leave out is.
TEST_F(AccessLogTest, WhatIsLeftOut) {
  const auto path = folder / "access.log";
  auto log = AccessLog::open(loop, {.file_path = path, .status_codes = {{200, 299}}}, counter);
  ASSERT_TRUE(log);
  RequestRecord silent = record, internal = record, filtered = record;
  silent.log = false;
  internal.internal = true;
  filtered.status = 404;
  for (const auto* r : {&silent, &internal, &filtered, &record}) (*log)->write(*r);
  log->reset();
  EXPECT_EQ(lines(path), 1u);
  EXPECT_TRUE(read(path).contains(" 2 \"-\" \"-\" 0ms")) << read(path);
}

TEST_F(AccessLogTest, FullDiskDropsLinesAndGoesOn) {
  if (!fs::exists("/dev/full")) GTEST_SKIP() << "no /dev/full";
  const auto log = open("/dev/full");
  for (int i = 0; i < 20000; ++i) log->write(record);
  EXPECT_GT(log->dropped_lines(), 0u);
  pass(11ms);
  pass(11ms);
}

// A reader that stops reading holds nobody up, and finds whole lines when it goes on.
TEST_F(AccessLogTest, SlowPipe) {
  const auto path = folder / "pipe";
  ASSERT_EQ(::mkfifo(path.c_str(), 0600), 0);
  const int reader = ::open(path.c_str(), O_RDONLY | O_NONBLOCK);
  ASSERT_GE(reader, 0);
  const auto log = open(path);
  for (int i = 0; i < 3000; ++i) log->write(record);
  EXPECT_EQ(log->dropped_lines(), 0u);
  std::string text;
  for (int round = 0; round < 100; ++round) {
    char bytes[65536];
    for (ssize_t n; (n = ::read(reader, bytes, sizeof bytes)) > 0;) text.append(bytes, static_cast<size_t>(n));
    pass(11ms);
  }
  ::close(reader);
  EXPECT_EQ(std::ranges::count(text, '\n'), 3000);
  uint64_t number = 0;
  for (const auto line : split(text, '\n'))
    if (!line.empty()) EXPECT_TRUE(line.contains(" " + std::to_string(++number) + " \"-\" \"-\" 0ms")) << line;
}

// Four workers on one file: every line whole, every number once.
TEST_F(AccessLogTest, WorkersShareAFile) {
  const auto path = folder / "access.log";
  constexpr int kWorkers = 4, kLines = 5000;
  {
    std::vector<std::thread> workers;
    for (int w = 0; w < kWorkers; ++w)
      workers.emplace_back([&] {
        net::Loop own;
        auto log = AccessLog::open(own, {.file_path = path}, counter);
        ASSERT_TRUE(log);
        for (int i = 0; i < kLines; ++i) {
          (*log)->write(record);
          if (i == kLines / 2) (*log)->reopen();
        }
      });
    for (auto& worker : workers) worker.join();
  }
  const std::string text = read(path);
  std::set<std::string_view> numbers;
  for (const auto line : split(text, '\n')) {
    if (line.empty()) continue;
    ASSERT_TRUE(line.starts_with("- - - [") && line.ends_with("0ms")) << line;
    numbers.insert(split(line, ' ')[12]);
  }
  EXPECT_EQ(numbers.size(), static_cast<size_t>(kWorkers * kLines));
}

}  // namespace
}  // namespace fl::telemetry
