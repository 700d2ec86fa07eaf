#include "base/log.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <unistd.h>

#include <filesystem>
#include <fstream>
#include <sstream>
#include <thread>

#include "base/json.h"
#include "base/strings.h"

namespace fl::log {
namespace {

using ::testing::ContainsRegex;
using ::testing::EndsWith;
using ::testing::HasSubstr;
using ::testing::Not;

class LogTest : public ::testing::Test {
 protected:
  LogTest() : folder_(std::filesystem::temp_directory_path() / ("fl-log-" + std::to_string(::getpid()))) {
    std::filesystem::create_directories(folder_);
    options_ = {.level = Level::info, .file_path = (folder_ / "fairlead.log").string()};
  }
  ~LogTest() override {
    EXPECT_TRUE(configure({}));
    std::filesystem::remove_all(folder_);
  }

  std::string contents() const {
    std::ostringstream text;
    text << std::ifstream(options_.file_path).rdbuf();
    return text.str();
  }

  const std::filesystem::path folder_;
  Options options_;
};

TEST_F(LogTest, TextHasTimeLevelMessageAndFields) {
  ASSERT_TRUE(configure(options_));
  write(Level::warn, "router is not reachable", {{"routerName", "web@file"}, {"error", "a \"b\""}, {"none", ""}});
  EXPECT_THAT(contents(), ContainsRegex("^[0-9-]+T[0-9:]+Z WRN router is not reachable "));
  EXPECT_THAT(contents(), EndsWith(" routerName=web@file error=\"a \\\"b\\\"\" none=\"\"\n"));
}

TEST_F(LogTest, ALineIsOneLineWhateverTheMessage) {
  ASSERT_TRUE(configure(options_));
  write(Level::info, "a\nb\033[31mc\r", {{"key", "x\ny"}});
  EXPECT_THAT(contents(), HasSubstr("INF a\\nb\\x1b[31mc\\x0d key=x\\ny\n"));
  EXPECT_EQ(std::ranges::count(contents(), '\n'), 1);
}

TEST_F(LogTest, JsonHasTraefiksKeys) {
  options_.json = true;
  ASSERT_TRUE(configure(options_));
  error("{} of {}", 1, 2);
  write(Level::fatal, "line\nbreak", {{"providerName", "ecs"}});
  std::istringstream lines(contents());
  std::string line;
  ASSERT_TRUE(std::getline(lines, line));
  const auto first = json::parse(line);
  ASSERT_TRUE(first) << first.error().message;
  EXPECT_EQ(first->string_at("level"), "error");
  EXPECT_EQ(first->string_at("message"), "1 of 2");
  EXPECT_FALSE(first->string_at("time").empty());
  ASSERT_TRUE(std::getline(lines, line));
  const auto second = json::parse(line);
  ASSERT_TRUE(second) << second.error().message;
  EXPECT_EQ(second->string_at("level"), "fatal");
  EXPECT_EQ(second->string_at("message"), "line\nbreak");
  EXPECT_EQ(second->string_at("providerName"), "ecs");
}

TEST_F(LogTest, LinesBelowTheLevelAreDropped) {
  ASSERT_TRUE(configure(options_));
  debug("not this");
  info("but this");
  EXPECT_FALSE(enabled(Level::debug));
  EXPECT_TRUE(enabled(Level::panic));
  EXPECT_THAT(contents(), Not(HasSubstr("not this")));
  EXPECT_THAT(contents(), HasSubstr("INF but this\n"));
}

TEST_F(LogTest, RotatesBySize) {
  options_.max_size_mb = 1;
  options_.max_backups = 1;
  ASSERT_TRUE(configure(options_));
  const std::string block(100'000, 'x');
  for (int i = 0; i < 30; ++i) info("{}", block);
  ASSERT_TRUE(configure({}));  // the file is closed, and what it left is tidied up
  size_t files = 0;
  for (const auto& entry : std::filesystem::directory_iterator(folder_)) {
    ++files;
    EXPECT_LE(entry.file_size(), 1U << 20);
  }
  EXPECT_EQ(files, 2U);
}

TEST_F(LogTest, ThreadsDoNotMixTheirLines) {
  ASSERT_TRUE(configure(options_));
  {
    std::vector<std::jthread> threads;
    for (int t = 0; t < 4; ++t)
      threads.emplace_back([] {
        for (int i = 0; i < 200; ++i) write(Level::info, "0123456789", {{"key", "value"}});
      });
  }
  size_t count = 0;
  for (const auto line : split(contents(), '\n')) {
    if (line.empty()) continue;
    ++count;
    EXPECT_TRUE(line.ends_with("INF 0123456789 key=value")) << line;
  }
  EXPECT_EQ(count, 800U);
}

TEST_F(LogTest, AFileThatCannotBeOpenedIsAnErrorAndChangesNothing) {
  ASSERT_TRUE(configure(options_));
  const auto result = configure({.file_path = "/dev/null/fairlead.log"});
  ASSERT_FALSE(result);
  EXPECT_THAT(result.error().message, HasSubstr("opening log file /dev/null/fairlead.log"));
  info("still here");
  EXPECT_THAT(contents(), HasSubstr("still here"));
}

TEST(LogLevel, AnyLetterCase) {
  EXPECT_EQ(parse_level("TRACE"), Level::trace);
  EXPECT_EQ(parse_level("Debug"), Level::debug);
  EXPECT_EQ(parse_level("info"), Level::info);
  EXPECT_EQ(parse_level("WARN"), Level::warn);
  EXPECT_EQ(parse_level("panic"), Level::panic);
  for (const auto bad : {"", "warning", "INFO ", "7"}) EXPECT_FALSE(parse_level(bad)) << bad;
}

}  // namespace
}  // namespace fl::log
