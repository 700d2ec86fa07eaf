#include "base/rotating_file.h"

#include <gtest/gtest.h>
#include <unistd.h>
#include <zlib.h>

#include <algorithm>
#include <filesystem>
#include <fstream>
#include <sstream>
#include <vector>

namespace fl {
namespace {

namespace fs = std::filesystem;

struct SetClock final : Clock {
  TimePoint now() const override { return TimePoint(1h); }
  WallTime wall() const override { return time; }
  WallTime time = std::chrono::sys_days{std::chrono::year{2026} / 11 / 28};
};

class RotatingFileTest : public ::testing::Test {
 protected:
  RotatingFileTest() { EXPECT_NE(::mkdtemp(folder.data()), nullptr); }
  ~RotatingFileTest() override {
    file.reset();
    fs::remove_all(folder);
  }
  void open(RotatingFile::Options options) {
    options.path = folder + "/logs/app.log";
    auto opened = RotatingFile::open(std::move(options), clock);
    ASSERT_TRUE(opened) << opened.error().message;
    file = *std::move(opened);
  }
  std::string names() {
    file.reset();  // nothing is tidied up any more
    std::vector<std::string> all;
    for (const auto& entry : fs::directory_iterator(folder + "/logs")) all.push_back(entry.path().filename());
    std::ranges::sort(all);
    std::string out;
    for (const auto& name : all) out += name + " ";
    return out;
  }
  std::string read(const std::string& name) {
    std::ifstream in(folder + "/logs/" + name);
    std::ostringstream text;
    text << in.rdbuf();
    return text.str();
  }

  SetClock clock;
  std::string folder = "/tmp/fl_rotating_XXXXXX";
  std::unique_ptr<RotatingFile> file;
};

TEST_F(RotatingFileTest, IsPutAsideBeforeItIsTooLarge) {
  open({.max_bytes = 10});
  file->write("12345\n");
  file->write("678\n");
  file->write("9\n");
  file->write("a line longer than allowed\n");  // alone, but whole
  EXPECT_EQ(names(), "app-2026-11-28T00-00-00.000.log app-2026-11-28T00-00-00.001.log app.log ");
  EXPECT_EQ(read("app-2026-11-28T00-00-00.000.log"), "12345\n678\n");
  EXPECT_EQ(read("app-2026-11-28T00-00-00.001.log"), "9\n");
  EXPECT_EQ(read("app.log"), "a line longer than allowed\n");
}

TEST_F(RotatingFileTest, GoesOnBehindWhatIsThere) {
  open({.max_bytes = 10});
  file->write("12345\n");
  open({.max_bytes = 10});
  file->write("6789\n");
  EXPECT_EQ(names(), "app-2026-11-28T00-00-00.000.log app.log ");
  open({});
  for (int i = 0; i < 10; ++i) file->write("12345\n");
  EXPECT_EQ(read("app.log").size(), 65U) << "without a limit it only grows";
}

TEST_F(RotatingFileTest, KeepsSoMany) {
  open({.max_bytes = 4, .max_backups = 2});
  for (const auto line : {"1\n", "22\n", "33\n", "44\n", "55\n"}) {
    file->write(line);
    clock.time += 1s;
  }
  EXPECT_EQ(names(), "app-2026-11-28T00-00-03.000.log app-2026-11-28T00-00-04.000.log app.log ");
}

TEST_F(RotatingFileTest, KeepsSoLong) {
  open({.max_bytes = 4, .max_age = 24h});
  file->write("11\n");
  file->write("22\n");
  clock.time += 25h;
  file->write("33\n");
  EXPECT_EQ(names(), "app-2026-11-29T01-00-00.000.log app.log ");
}

TEST_F(RotatingFileTest, Compresses) {
  open({.max_bytes = 4, .compress = true});
  file->write("11\n");
  file->write("22\n");
  EXPECT_EQ(names(), "app-2026-11-28T00-00-00.000.log.gz app.log ");
  const gzFile in = ::gzopen((folder + "/logs/app-2026-11-28T00-00-00.000.log.gz").c_str(), "rb");
  char text[16] = {};
  EXPECT_EQ(::gzread(in, text, sizeof text), 3);
  ::gzclose(in);
  EXPECT_STREQ(text, "11\n");
}

TEST_F(RotatingFileTest, LeavesOthersAlone) {
  open({.max_bytes = 4, .max_backups = 1});
  for (const auto name : {"app-old.log", "other-2026-11-28T00-00-00.000.log", "app.log.1"})
    std::ofstream(folder + "/logs/" + name) << "x";
  for (const auto line : {"11\n", "22\n", "33\n"}) {
    file->write(line);
    clock.time += 1s;
  }
  EXPECT_EQ(names(),
            "app-2026-11-28T00-00-02.000.log app-old.log app.log app.log.1 other-2026-11-28T00-00-00.000.log ");
}

TEST_F(RotatingFileTest, SaysWhatIsWrong) {
  const auto opened = RotatingFile::open({.path = "/proc/no/such.log"});
  ASSERT_FALSE(opened);
  EXPECT_EQ(opened.error().message, "opening log file /proc/no/such.log: No such file or directory");
}

}  // namespace
}  // namespace fl
